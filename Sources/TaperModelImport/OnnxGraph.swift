import TaperBase
import TaperModelSpec

/// An ONNX graph as far as weights are recognised from it: nodes, constants and initializers. Tensor data stays in the
/// mapped file until it is asked for. Field numbers are those of onnx.proto.
struct OnnxGraph {
  struct Node {
    var kind = ""
    var inputs: [String] = []
    var outputs: [String] = []
    /// The tensor of a Constant node.
    var value: OnnxTensor?
    /// Attributes that are one number, by name.
    var integers: [String: Int64] = [:]
    var floats: [String: Float] = [:]
  }

  let path: String
  let nodes: [Node]
  /// Initializers and the values of Constant nodes, by name.
  let tensors: [String: OnnxTensor]
  let outputs: [String]
  private let producers: [String: Int]

  init(path: String) throws(ImportError) {
    self.path = path
    let file = try ImportError.wrapping(try MappedFile(path: path))
    if let content = unsafe file.withBytes({ unsafe ForeignContent($0.prefix(64)) }) {
      throw .foreignContent(path: path, content)
    }
    var nodes: [Node] = []
    var tensors: [String: OnnxTensor] = [:]
    var outputs: [String] = []
    var hasGraph = false
    // ModelProto.graph = 7
    let model = ProtobufMessage(file)
    try model.forEachField { (field) throws(ImportError) in
      guard field.number == 7 else { return }
      hasGraph = true
      let graph = try model.message(field.value)
      try graph.forEachField { (part) throws(ImportError) in
        switch part.number {
        case 1: nodes.append(try Self.node(try graph.message(part.value)))
        case 5:
          let tensor = try OnnxTensor(try graph.message(part.value))
          tensors[tensor.name] = tensor
        case 12: outputs.append(try Self.name(of: try graph.message(part.value)))
        default: break
        }
      }
    }
    guard hasGraph else { throw .malformed(path: path, what: "no graph, and so its end", offset: file.count) }
    var producers: [String: Int] = [:]
    for (place, node) in nodes.enumerated() {
      for output in node.outputs {
        producers[output] = place
        if let value = node.value { tensors[output] = value }
      }
    }
    self.nodes = nodes
    self.tensors = tensors
    self.outputs = outputs
    self.producers = producers
  }

  /// The node that makes this value; nil for inputs and initializers.
  func producer(of value: String) -> Node? { producers[value].map { nodes[$0] } }

  private static func name(of message: ProtobufMessage) throws(ImportError) -> String {
    var name = ""
    try message.forEachField { (field) throws(ImportError) in
      if field.number == 1 { name = try message.string(field.value) }
    }
    return name
  }

  private static func node(_ message: ProtobufMessage) throws(ImportError) -> Node {
    var node = Node()
    try message.forEachField { (field) throws(ImportError) in
      switch field.number {
      case 1: node.inputs.append(try message.string(field.value))
      case 2: node.outputs.append(try message.string(field.value))
      case 4: node.kind = try message.string(field.value)
      case 5: try attribute(try message.message(field.value), of: &node)
      default: break
      }
    }
    return node
  }

  private static func attribute(_ message: ProtobufMessage, of node: inout Node) throws(ImportError) {
    var name = ""
    var tensor: OnnxTensor?
    var integer: Int64?
    var float: Float?
    try message.forEachField { (field) throws(ImportError) in
      switch (field.number, field.value) {
      case (1, _): name = try message.string(field.value)
      case (2, .number(let bits)): float = Float(bitPattern: UInt32(truncatingIfNeeded: bits))
      case (3, .number(let bits)): integer = Int64(bitPattern: bits)
      case (5, _): tensor = try OnnxTensor(try message.message(field.value))
      default: break
      }
    }
    if name == "value", let tensor { node.value = tensor }
    if let integer { node.integers[name] = integer }
    if let float { node.floats[name] = float }
  }
}
