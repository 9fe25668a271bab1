/// A graph in one vocabulary, whatever file it came from: nodes over numbered values, constants that are read when they
/// are asked for, inputs and outputs.
struct ModelGraph: Sendable {
  struct Node: Sendable {
    var operation: GraphOperation
    /// nil: an optional input that is not there.
    var inputs: [Int?]
    var outputs: [Int]
    /// What the file calls it, for errors.
    var kind: String
    var name: String
  }

  enum Input: Hashable, Sendable { case ids, mask, types, positions }

  /// One graph's most: the largest real ones have a tenth.
  static let nodeLimit = 1 << 17

  let path: String
  /// In an order in which every node's inputs are there before it; only those that outputs need.
  let nodes: [Node]
  let valueCount: Int
  let constants: [Int: StoredConstant]
  /// Small constants that the translation made.
  let literals: [Int: GraphTensor]
  let inputs: [(value: Int, input: Input)]
  /// Tokens of a graph that was exported for one length only.
  let fixedLength: Int?
  let outputs: [(name: String, value: Int)]
  /// The node that makes a value.
  let producers: [Int: Int]
  /// Bytes of all constants.
  let constantBytes: Int
  let quantization: Set<Quantization>

  /// What of the file is in fewer bits than the model that comes of it.
  enum Quantization: Hashable, Sendable { case weights, activations }

  /// Puts the nodes in order.
  /// - Throws: `unrecognised` where they form a circle, or need a value that nothing makes.
  init(_ builder: GraphBuilder, fixedLength: Int?) throws(ImportError) {
    var builder = builder
    var producers: [Int: Int] = [:]
    for (place, node) in builder.nodes.enumerated() {
      for output in node.outputs { producers[output] = place }
    }
    let order = try Self.order(builder, producers).map { builder.nodes[$0] }
    nodes = ActivationQuantization.removed(
      from: DynamicQuantization.removed(from: order, &builder), builder)
    path = builder.path
    constants = builder.constants
    literals = builder.literals
    inputs = builder.inputs
    outputs = builder.outputs
    valueCount = builder.valueCount
    self.fixedLength = fixedLength
    producers = [:]
    for (place, node) in nodes.enumerated() {
      for output in node.outputs { producers[output] = place }
    }
    self.producers = producers
    let narrow = constants.values.contains { $0.element.isNarrow && $0.shape.count >= 2 && $0.count > 64 }
    quantization = builder.quantization.union(narrow ? [.weights] : [])
    constantBytes = constants.values.reduce(0) { $0.addingReportingOverflow($1.byteCount).partialValue }
  }

  private static func order(_ builder: GraphBuilder, _ producers: [Int: Int]) throws(ImportError) -> [Int] {
    let given = Set(builder.inputs.map(\.value))
    var state = [UInt8](repeating: 0, count: builder.nodes.count)
    var order: [Int] = []
    // Depth first without recursion: graphs may be as deep as they are long.
    var stack = builder.outputs.reversed().map { (value: $0.value, node: -1) }
    while let top = stack.popLast() {
      if top.node >= 0 {
        state[top.node] = 2
        order.append(top.node)
        continue
      }
      if builder.constants[top.value] != nil || builder.literals[top.value] != nil
        || given.contains(top.value)
      {
        continue
      }
      guard let place = producers[top.value] else {
        throw .malformedGraph(
          path: builder.path, what: "value \"\(builder.name(of: top.value))\" is used, and nothing makes it")
      }
      switch state[place] {
      case 0:
        state[place] = 1
        stack.append((-1, place))
        for input in builder.nodes[place].inputs.reversed() {
          if let input { stack.append((input, -1)) }
        }
      case 1:
        throw .malformedGraph(
          path: builder.path, what: "node \"\(builder.nodes[place].name)\" needs its own result: a circle")
      default: break
      }
    }
    return order
  }
}

/// A graph under construction by a front end: values by name.
struct GraphBuilder {
  let path: String
  private(set) var nodes: [ModelGraph.Node] = []
  private(set) var constants: [Int: StoredConstant] = [:]
  private(set) var literals: [Int: GraphTensor] = [:]
  var inputs: [(value: Int, input: ModelGraph.Input)] = []
  var outputs: [(name: String, value: Int)] = []
  var quantization: Set<ModelGraph.Quantization> = []
  private(set) var valueCount = 0
  private var names: [String: Int] = [:]
  /// Literals that are often needed, once.
  private var known: [GraphTensor: Int] = [:]

  init(path: String) { self.path = path }

  mutating func makeValue() -> Int {
    valueCount += 1
    return valueCount - 1
  }

  /// The value of this name, made where it is new.
  mutating func value(_ name: String) -> Int {
    if let value = names[name] { return value }
    let value = makeValue()
    names[name] = value
    return value
  }

  func isKnown(_ name: String) -> Bool { names[name] != nil }

  func name(of value: Int) -> String { names.first { $0.value == value }?.key ?? "\(value)" }

  mutating func set(_ value: Int, to constant: StoredConstant) { constants[value] = constant }

  mutating func literal(_ tensor: GraphTensor) -> Int {
    if let value = known[tensor] { return value }
    let value = makeValue()
    literals[value] = tensor
    known[tensor] = value
    return value
  }

  mutating func axes(_ axes: [Int]) -> Int { literal(.vector(axes)) }

  /// The small constant that a value is; nil where it is none.
  func small(_ value: Int?) -> GraphTensor? {
    guard let value else { return nil }
    if let literal = literals[value] { return literal }
    guard let constant = constants[value], constant.count <= 4096 else { return nil }
    return constant.tensor()
  }

  mutating func add(
    _ operation: GraphOperation, _ inputs: [Int?], outputs: [Int], kind: String, name: String
  ) throws(ImportError) {
    guard nodes.count < ModelGraph.nodeLimit else {
      throw .tooLarge(path: path, what: "nodes", limit: ModelGraph.nodeLimit)
    }
    nodes.append(
      ModelGraph.Node(operation: operation, inputs: inputs, outputs: outputs, kind: kind, name: name))
  }
}
