/// A linear layer's weight in a graph.
struct GraphLinear {
  var weight: Int
  /// Whether it is [out, in] rather than [in, out].
  var isTransposed: Bool
  /// Whether it consists of codes; factors follow the product then.
  var isInteger = false
  /// Of the codes.
  var zero: Int?
}

/// The parts of an encoder in an evaluated graph: products with weights, products of states, softmaxes, norms and
/// look-ups. Everything between them (layouts, sums, activations, rotations) only says which part feeds which.
///
/// Only what depends on the text counts: positions, masks and all arithmetic on shapes are constants of one run.
struct GraphBlocks {
  enum Kind {
    /// A product with a constant weight, [in, out] or [out, in] where transposed.
    case linear(GraphLinear)
    /// A product of two values, with the blocks that feed each.
    case product([Int], [Int])
    case softmax
    case norm(epsilon: Float)
    /// Rows of a constant table.
    case lookup(table: Int, indices: Int)
  }

  struct Block {
    var kind: Kind
    /// The value that it reads: of a product the first.
    var input: Int
    var output: Int
    /// The blocks that feed its inputs, in ascending order.
    var sources: [Int]
    /// Its node.
    var place: Int
  }

  let evaluation: GraphEvaluation
  private(set) var blocks: [Block] = []
  /// The nearest blocks before each value that depends on the text.
  private var sources: [Int: [Int]] = [:]
  /// Nodes that read a value, of those that depend on the text.
  private(set) var consumers: [Int: [Int]] = [:]

  /// Streams of residual sums gather two blocks a layer.
  private static let sourceLimit = 256

  var graph: ModelGraph { evaluation.graph }

  init(_ evaluation: GraphEvaluation) throws(ImportError) {
    self.evaluation = evaluation
    for (place, node) in evaluation.graph.nodes.enumerated() {
      guard node.outputs.contains(where: evaluation.dependsOnText) else { continue }
      for input in node.inputs { if let input { consumers[input, default: []].append(place) } }
      let before = try joined(node.inputs, node)
      guard let output = node.outputs.first else { continue }
      if let (kind, input) = kind(of: node) {
        blocks.append(Block(kind: kind, input: input, output: output, sources: before, place: place))
        for value in node.outputs { sources[value] = [blocks.count - 1] }
      } else {
        for value in node.outputs where evaluation.dependsOnText(value) { sources[value] = before }
      }
    }
  }

  /// The nearest blocks before a value.
  func sources(of value: Int) -> [Int] { sources[value] ?? [] }

  private func joined(_ inputs: [Int?], _ node: ModelGraph.Node) throws(ImportError) -> [Int] {
    var all: Set<Int> = []
    for input in inputs { if let input, let sources = sources[input] { all.formUnion(sources) } }
    guard all.count <= Self.sourceLimit else {
      throw .badNode(
        path: graph.path, kind: node.kind, name: node.name, found: "it depends on \(all.count) parts at once")
    }
    return all.sorted()
  }

  private func kind(of node: ModelGraph.Node) -> (Kind, Int)? {
    let x = node.inputs.first ?? nil
    let y = node.inputs.count > 1 ? node.inputs[1] : nil
    switch node.operation {
    case .matMul(let transposeA, let transposeB):
      guard let x, let y, !transposeA else { return nil }
      let (one, other) = (evaluation.dependsOnText(x), evaluation.dependsOnText(y))
      if one, other { return (.product(sources(of: x), sources(of: y)), x) }
      guard one, evaluation.dependences[y] == .constants else { return nil }
      return (.linear(GraphLinear(weight: y, isTransposed: transposeB)), x)
    case .integerMatMul:
      guard let x, let y, evaluation.dependsOnText(x) else { return nil }
      if evaluation.dependsOnText(y) { return (.product(sources(of: x), sources(of: y)), x) }
      guard evaluation.dependences[y] == .constants else { return nil }
      let zero = node.inputs.count > 3 ? node.inputs[3] : nil
      return (.linear(GraphLinear(weight: y, isTransposed: false, isInteger: true, zero: zero)), x)
    case .softmax: return x.map { (.softmax, $0) }
    case .normalize(let epsilon): return x.map { (.norm(epsilon: epsilon), $0) }
    case .gather(axis: 0):
      guard let x, let y, evaluation.dependences[x] == .constants, evaluation.dependsOnText(y),
        sources(of: y).isEmpty
      else { return nil }
      return (.lookup(table: x, indices: y), y)
    case .binary(.divide), .binary(.multiply): return norm(node)
    default: return nil
    }
  }

  /// A norm written out: d / √(mean(d²) + ε) with d = x − mean(x).
  private func norm(_ node: ModelGraph.Node) -> (Kind, Int)? {
    guard node.inputs.count == 2, let one = node.inputs[0], let other = node.inputs[1] else { return nil }
    for (difference, scale) in [(one, other), (other, one)] {
      guard let x = centred(difference), let sum = root(scale, divides: node.operation == .binary(.divide)),
        let node = producer(sum), node.operation == .binary(.add), node.inputs.count == 2,
        let a = node.inputs[0],
        let b = node.inputs[1]
      else { continue }
      for (variance, epsilon) in [(a, b), (b, a)] {
        guard evaluation.dependences[epsilon] == .constants, let epsilon = try? evaluation.tensor(epsilon),
          epsilon.count == 1, isVariance(variance, of: x)
        else { continue }
        return (.norm(epsilon: epsilon.floats[0]), x)
      }
    }
    return nil
  }

  /// The sum under a root; of a factor the root stands below one.
  private func root(_ value: Int, divides: Bool) -> Int? {
    guard let node = producer(value), let x = node.inputs.first ?? nil else { return nil }
    switch node.operation {
    case .unary(.squareRoot): return divides ? x : nil
    case .unary(.reciprocal): return divides ? nil : root(x, divides: true)
    case .binary(.power):
      guard node.inputs.count > 1, let exponent = node.inputs[1],
        let power = try? evaluation.tensor(exponent),
        power.count == 1
      else { return nil }
      if power.floats[0] == (divides ? 0.5 : -0.5) { return x }
      return power.floats[0] == -1 && !divides ? root(x, divides: true) : nil
    case .binary(.divide):
      guard !divides, node.inputs.count > 1, let below = node.inputs[1],
        evaluation.dependences[x] == .constants,
        let one = try? evaluation.tensor(x), one.count == 1, one.floats[0] == 1
      else { return nil }
      return root(below, divides: true)
    default: return nil
    }
  }

  /// x of x − mean(x).
  private func centred(_ value: Int) -> Int? {
    guard let node = producer(value), node.operation == .binary(.subtract), let x = node.inputs[0],
      let mean = node.inputs[1], let meanNode = producer(mean), isMean(meanNode),
      let source = meanNode.inputs[0],
      behind(source) == behind(x)
    else { return nil }
    return x
  }

  private func isVariance(_ value: Int, of x: Int) -> Bool {
    guard let node = producer(value), isMean(node), let square = node.inputs[0],
      let product = producer(square),
      let base = product.inputs.first ?? nil
    else { return false }
    switch product.operation {
    case .binary(.power):
      guard let exponent = product.inputs[1], let power = try? evaluation.tensor(exponent), power.count == 1,
        power.floats[0] == 2
      else { return false }
    case .binary(.multiply): guard product.inputs[1].map(behind) == behind(base) else { return false }
    case .binary(.squaredDifference):
      return behind(base) == behind(x)
    default: return false
    }
    return centred(behind(base)).map(behind) == behind(x)
  }

  private func isMean(_ node: ModelGraph.Node) -> Bool {
    if case .reduce(.mean, keepsAxes: true, ignoresNoAxes: _) = node.operation { true } else { false }
  }

  /// The node that makes a value, conversions passed over.
  func producer(_ value: Int) -> ModelGraph.Node? { graph.producers[behind(value)].map { graph.nodes[$0] } }

  /// The value before conversions that change nothing.
  func behind(_ value: Int) -> Int {
    var value = value
    while let place = graph.producers[value], Self.isPassing(graph.nodes[place].operation),
      let input = graph.nodes[place].inputs.first ?? nil
    { value = input }
    return value
  }

  /// Operations that leave real numbers as they are.
  static func isPassing(_ operation: GraphOperation) -> Bool {
    switch operation {
    case .identity, .ranked, .convert(.float), .convertLike, .dynamicQuantize: true
    default: false
    }
  }
}

extension GraphBlocks {
  /// A linear layer or a norm with what follows it: factors of each column, and a sum.
  struct Affine {
    var factors: [Float]?
    var bias: [Float]?
    /// The value after them.
    var end: Int
  }

  /// What follows a block, column by column, while nothing else reads it.
  /// - Parameters:
  ///   - width: columns.
  ///   - scales: whether factors belong to the block: those of norms, and the scales of integer products. Those of
  ///     others (of scores, say) do not.
  func affine(_ block: Int, width: Int, scales: Bool) throws(ImportError) -> Affine {
    var affine = Affine(end: blocks[block].output)
    while let places = consumers[affine.end], places.count == 1 {
      let node = graph.nodes[places[0]]
      guard let output = node.outputs.first else { break }
      if Self.isPassing(node.operation), node.operation != .dynamicQuantize {
        affine.end = output
        continue
      }
      guard case .binary(let operation) = node.operation, node.inputs.count == 2, let x = node.inputs[0],
        let y = node.inputs[1]
      else { break }
      let other = x == affine.end ? y : x
      guard let vector = try vector(other, width: width) else { break }
      switch operation {
      case .add where affine.bias == nil: affine.bias = vector
      case .subtract where affine.bias == nil && x == affine.end: affine.bias = vector.map { -$0 }
      case .multiply where scales && affine.bias == nil:
        affine.factors = affine.factors.map { zip($0, vector).map { $0 * $1 } } ?? vector
      case .divide where scales && affine.bias == nil && x == affine.end:
        affine.factors = affine.factors.map { zip($0, vector).map { $0 / $1 } } ?? vector.map { 1 / $0 }
      default: return affine
      }
      affine.end = output
    }
    return affine
  }

  /// Constants that a linear layer's input is multiplied by, column by column: what quantisers move between activations
  /// and weights. They belong to the weight.
  /// - Returns: them, and the value before them.
  func factorsBefore(_ block: Int, width: Int) throws(ImportError) -> (factors: [Float]?, start: Int) {
    var ends: Set<Int> = []
    for source in blocks[block].sources {
      guard case .norm = blocks[source].kind else { continue }
      ends.insert(behind(try affine(source, width: width, scales: true).end))
      ends.insert(blocks[source].output)
    }
    var factors: [Float]?
    var start = behind(blocks[block].input)
    while !ends.contains(start), let place = graph.producers[start],
      graph.nodes[place].operation == .binary(.multiply), graph.nodes[place].inputs.count == 2,
      let x = graph.nodes[place].inputs[0], let y = graph.nodes[place].inputs[1]
    {
      let (value, other) = evaluation.dependsOnText(x) ? (x, y) : (y, x)
      guard evaluation.dependsOnText(value), try evaluation.shape(other).reduce(1, *) == width, width > 1,
        let vector = try vector(other, width: width),
        !isGamma(value)
      else { break }
      factors = factors.map { zip($0, vector).map { $0 * $1 } } ?? vector
      start = behind(value)
    }
    return (factors, start)
  }

  /// Whether a value is a norm's before its own factors.
  private func isGamma(_ value: Int) -> Bool {
    blocks.contains { block in
      if case .norm = block.kind { block.output == behind(value) } else { false }
    }
  }

  /// A constant that is one number a column, or one for all.
  func vector(_ value: Int, width: Int) throws(ImportError) -> [Float]? {
    guard evaluation.dependences[value] == .constants else { return nil }
    if let constant = graph.constants[value], constant.count > width { return nil }
    let tensor = try evaluation.tensor(value)
    if tensor.count == 1 { return [Float](repeating: tensor.floats[0], count: width) }
    return tensor.trimmedShape == [width] ? tensor.floats : nil
  }

  /// The summands of a value. A sum that something else reads too, as a stream of residuals is, stays whole.
  func terms(_ value: Int) -> [Int] {
    var (terms, stack): ([Int], [Int]) = ([], [behind(value)])
    while let next = stack.popLast() {
      let isRoot = terms.isEmpty && stack.isEmpty
      if terms.count < 64, isRoot || consumers[next]?.count ?? 0 <= 1, let place = graph.producers[next],
        graph.nodes[place].operation == .binary(.add), let a = graph.nodes[place].inputs[0],
        let b = graph.nodes[place].inputs[1]
      {
        stack += [behind(b), behind(a)]
      } else {
        terms.append(next)
      }
    }
    return terms
  }

  /// What a block is called in the file, for errors.
  func describe(_ block: Int) -> String {
    let node = graph.nodes[blocks[block].place]
    return "\(node.kind) \"\(node.name)\""
  }

  func describe(_ list: [Int]) -> String {
    list.isEmpty
      ? "nothing" : list.prefix(4).map(describe).joined(separator: ", ") + (list.count > 4 ? ", …" : "")
  }
}
