/// One run of a graph, node by node, on one text of token ids: the slow and obvious reference that recognition looks at
/// and that the imported model is compared with.
///
/// Values that depend on constants alone and are large are not kept: they are computed again when they are asked for.
/// Memory and work are bounded by the file's own size (`EvaluationBudget`).
final class GraphEvaluation {
  /// What a value depends on.
  enum Dependence: UInt8, Comparable {
    case constants, length, text

    static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  }

  let graph: ModelGraph
  let ids: [Int]
  let types: [Int]
  /// By value.
  private(set) var dependences: [Dependence]
  private var tensors: [GraphTensor?]
  /// Of values that are computed again: how many such steps one after the other.
  private var depths: [Int: Int] = [:]
  private var budget: EvaluationBudget
  private var kept = 0

  /// Elements from which on a constant is not kept.
  private static let largeCount = 1 << 16
  private static let maximumDepth = 64

  /// - Parameter keepsAll: whether values stay after their last use, for recognition.
  init(_ graph: ModelGraph, ids: [Int], types: [Int], keepsAll: Bool = false) throws(ImportError) {
    self.graph = graph
    self.ids = ids
    self.types = types
    dependences = [Dependence](repeating: .constants, count: graph.valueCount)
    tensors = [GraphTensor?](repeating: nil, count: graph.valueCount)
    budget = EvaluationBudget(constantBytes: graph.constantBytes)
    for (value, literal) in graph.literals { tensors[value] = literal }
    for (value, input) in graph.inputs {
      let row =
        switch input {
        case .ids: ids
        case .types: types
        case .mask: [Int](repeating: 1, count: ids.count)
        case .positions: Array(0..<ids.count)
        }
      tensors[value] = GraphTensor([1, ids.count], integers: row)
      dependences[value] = input == .ids || input == .types ? .text : .length
    }
    var lastUses: [Int: Int] = [:]
    if !keepsAll {
      for (place, node) in graph.nodes.enumerated() {
        for input in node.inputs { if let input { lastUses[input] = place } }
      }
      for output in graph.outputs { lastUses[output.value] = nil }
    }
    for (place, node) in graph.nodes.enumerated() {
      try run(node)
      guard !keepsAll else { continue }
      for input in node.inputs {
        if let input, lastUses[input] == place, graph.producers[input] != nil, let tensor = tensors[input] {
          kept -= tensor.count
          tensors[input] = nil
        }
      }
    }
  }

  /// A value of this run.
  func tensor(_ value: Int) throws(ImportError) -> GraphTensor {
    if let tensor = tensors[value] { return tensor }
    if let constant = graph.constants[value] { return constant.tensor() }
    guard let place = graph.producers[value] else {
      throw .malformedGraph(path: graph.path, what: "value \(value) is used, and nothing makes it")
    }
    // Computed again: `depths` bounds the recursion.
    let node = graph.nodes[place]
    let results = try compute(node)
    guard let index = node.outputs.firstIndex(of: value), index < results.count else {
      throw bad(node, EvaluationFault("it has no output \(node.outputs.count)"))
    }
    return results[index]
  }

  /// The shape of a value of this run; of a stored constant without reading it.
  func shape(_ value: Int) throws(ImportError) -> [Int] {
    if let constant = graph.constants[value] { return constant.shape }
    if depths[value] != nil, let count = rowCount(value), let row = try rows(value, [0]) {
      return [count] + row.shape.dropFirst()
    }
    return try tensor(value).shape
  }

  func dependsOnText(_ value: Int) -> Bool { dependences[value] == .text }

  private func run(_ node: ModelGraph.Node) throws(ImportError) {
    var dependence = Dependence.constants
    var depth = -1
    for input in node.inputs {
      guard let input else { continue }
      dependence = max(dependence, dependences[input])
      if let deep = depths[input] {
        depth = max(depth, deep)
      } else if let constant = graph.constants[input], constant.count > Self.largeCount {
        depth = max(depth, 0)
      }
    }
    // The shape of states tells the length of the text and nothing else.
    if node.operation == .shape { dependence = min(dependence, .length) }
    for output in node.outputs { dependences[output] = dependence }
    if node.operation == .dynamicQuantize {
      // Codes are left as they are: the scale is 1.
      for output in node.outputs.dropFirst() { dependences[output] = .constants }
    }
    if dependence == .constants, depth >= 0 {
      guard depth < Self.maximumDepth else {
        throw bad(node, EvaluationFault("constants made of constants, \(depth) steps one after the other"))
      }
      for output in node.outputs { depths[output] = depth + 1 }
      return
    }
    let results = try compute(node)
    for (output, result) in zip(node.outputs, results) {
      kept += result.count
      tensors[output] = result
    }
    guard kept <= budget.keptLimit else {
      throw bad(node, EvaluationFault("values so far have more than \(budget.keptLimit) elements"))
    }
  }

  private func compute(_ node: ModelGraph.Node) throws(ImportError) -> [GraphTensor] {
    var inputs: [GraphTensor?] = []
    // A look-up in a stored table reads its rows only.
    if case .gather(axis: 0) = node.operation, let table = node.inputs.first ?? nil, node.inputs.count >= 2,
      let constant = graph.constants[table], let indices = node.inputs[1], !constant.shape.isEmpty
    {
      let indices = try tensor(indices)
      do throws(EvaluationFault) {
        let places = try Indexing.places(indices, size: constant.shape[0])
        let shape = indices.shape + constant.shape.dropFirst()
        _ = try budget.count(shape)
        return [GraphTensor(shape: shape, elements: constant.rows(places))]
      } catch { throw bad(node, error) }
    }
    if case .gather(axis: 0) = node.operation, node.inputs.count >= 2, let table = node.inputs[0],
      let indices = node.inputs[1], depths[table] != nil
    {
      let places = try tensor(indices)
      if let found = try rows(table, places.integers) {
        return [GraphTensor(shape: places.shape + found.shape.dropFirst(), elements: found.elements)]
      }
    }
    for input in node.inputs {
      if let input { inputs.append(try tensor(input)) } else { inputs.append(nil) }
    }
    return try apply(node, inputs)
  }

  func apply(_ node: ModelGraph.Node, _ inputs: [GraphTensor?]) throws(ImportError) -> [GraphTensor] {
    do throws(EvaluationFault) {
      for input in inputs { try budget.spend(input?.count ?? 0) }
      let isConstant = node.inputs.allSatisfy { $0.map { dependences[$0] == .constants } ?? true }
      let results = try GraphOperation.apply(
        node.operation, inputs, outputs: node.outputs.count, isConstant: isConstant, &budget)
      guard results.count >= node.outputs.count else {
        throw EvaluationFault("\(node.outputs.count) outputs")
      }
      return results
    } catch { throw bad(node, error) }
  }

  private func bad(_ node: ModelGraph.Node, _ fault: EvaluationFault) -> ImportError {
    .badNode(path: graph.path, kind: node.kind, name: node.name, found: fault.found)
  }

  /// What `target` would be if `source` were `replacement`: the nodes between are run again, and no others.
  func recompute(
    _ target: Int, replacing source: Int, by replacement: GraphTensor
  ) throws(ImportError) -> GraphTensor {
    if target == source { return replacement }
    var between: Set<Int> = []
    var changed: [Int: GraphTensor] = [source: replacement]
    // Backwards to what lies before the source, then forwards.
    let first = graph.producers[source] ?? -1
    var stack = [target]
    while let value = stack.popLast() {
      guard value != source, let place = graph.producers[value], place > first, between.insert(place).inserted
      else {
        continue
      }
      stack += graph.nodes[place].inputs.compactMap(\.self)
    }
    do throws(EvaluationFault) { try budget.spend(64 * between.count) } catch {
      throw .badNode(path: graph.path, kind: "part", name: "", found: error.found)
    }
    for place in between.sorted() {
      let node = graph.nodes[place]
      guard node.inputs.contains(where: { $0.map { changed[$0] != nil } ?? false }) else { continue }
      var inputs: [GraphTensor?] = []
      for input in node.inputs {
        guard let input else {
          inputs.append(nil)
          continue
        }
        if let tensor = changed[input] { inputs.append(tensor) } else { inputs.append(try tensor(input)) }
      }
      for (output, result) in zip(node.outputs, try apply(node, inputs)) { changed[output] = result }
    }
    guard let result = changed[target] else { return try tensor(target) }
    return result
  }
}
