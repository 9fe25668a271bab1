import TaperBase

/// An ONNX file as far as graphs are read from it. Tensor data stays in the mapped file until it is asked for. Field
/// numbers are those of onnx.proto.
struct OnnxModel {
  struct Node {
    var kind = ""
    var domain = ""
    var name = ""
    var inputs: [String] = []
    var outputs: [String] = []
    var attributes: [String: Attribute] = [:]

    func integer(_ name: String) -> Int? { attributes[name]?.integer.map { Int($0) } }
    func integers(_ name: String) -> [Int]? { attributes[name]?.integers.map { $0.map { Int($0) } } }
    func float(_ name: String) -> Float? { attributes[name]?.float }
  }

  struct Attribute {
    var integer: Int64?
    var float: Float?
    var text: String?
    var tensor: OnnxTensor?
    var integers: [Int64]?
    var floats: [Float]?
    /// A graph of its own: no encoder has one.
    var isGraph = false
  }

  struct Input {
    var name: String
    /// nil: open.
    var shape: [Int?]
  }

  let path: String
  private(set) var nodes: [Node] = []
  private(set) var tensors: [OnnxTensor] = []
  private(set) var inputs: [Input] = []
  private(set) var outputs: [String] = []
  /// Version of ONNX's own operations.
  private(set) var version = 0

  init(path: String) throws(ImportError) {
    self.path = path
    let file = try ImportError.wrapping(try MappedFile(path: path))
    if let content = unsafe file.withBytes({ unsafe ForeignContent($0.prefix(64)) }) {
      throw .foreignContent(path: path, content)
    }
    var graphs = 0
    // ModelProto: graph = 7, opset_import = 8
    let model = ProtobufMessage(file)
    try model.forEachField { (field) throws(ImportError) in
      switch field.number {
      case 7:
        graphs += 1
        try readGraph(try model.message(field.value))
      case 8: try readVersion(try model.message(field.value))
      default: break
      }
    }
    guard graphs == 1 else {
      throw .malformed(path: path, what: "no graph, and so its end", offset: file.count)
    }
  }

  private mutating func readVersion(_ message: ProtobufMessage) throws(ImportError) {
    var domain = ""
    var version = 0
    try message.forEachField { (field) throws(ImportError) in
      if field.number == 1 { domain = try message.string(field.value) }
      if field.number == 2, case .number(let number) = field.value { version = Int(clamping: number) }
    }
    if domain.isEmpty || domain == "ai.onnx" { self.version = version }
  }

  private mutating func readGraph(_ graph: ProtobufMessage) throws(ImportError) {
    try graph.forEachField { (part) throws(ImportError) in
      switch part.number {
      case 1:
        guard nodes.count < ModelGraph.nodeLimit else {
          throw .tooLarge(path: path, what: "nodes", limit: ModelGraph.nodeLimit)
        }
        nodes.append(try Self.node(try graph.message(part.value)))
      case 5:
        guard tensors.count < ModelGraph.nodeLimit else {
          throw .tooLarge(path: path, what: "tensors", limit: ModelGraph.nodeLimit)
        }
        tensors.append(try OnnxTensor(try graph.message(part.value)))
      case 11: inputs.append(try Self.input(try graph.message(part.value)))
      case 12:
        guard outputs.count < 1024 else { throw .tooLarge(path: path, what: "outputs", limit: 1024) }
        outputs.append(try Self.input(try graph.message(part.value)).name)
      case 15:
        throw .unknownNode(path: path, kind: "sparse_initializer", output: "")
      default: break
      }
    }
  }

  /// A ValueInfoProto: name = 1, type = 2 {tensor_type = 1 {shape = 2 {dim = 1 {dim_value = 1}}}}.
  private static func input(_ message: ProtobufMessage) throws(ImportError) -> Input {
    var input = Input(name: "", shape: [])
    func descend(
      _ message: ProtobufMessage, _ path: ArraySlice<Int>, _ found: inout [Int?]
    ) throws(ImportError) {
      try message.forEachField { (field) throws(ImportError) in
        guard field.number == path.first else { return }
        let inner = try message.message(field.value)
        if path.count > 1 { return try descend(inner, path.dropFirst(), &found) }
        var size: Int?
        try inner.forEachField { (part) throws(ImportError) in
          if part.number == 1, case .number(let number) = part.value { size = Int(clamping: number) }
        }
        if found.count < 64 { found.append(size) }
      }
    }
    try message.forEachField { (field) throws(ImportError) in
      if field.number == 1 { input.name = try message.string(field.value) }
    }
    try descend(message, [2, 1, 2, 1], &input.shape)
    return input
  }

  private static func node(_ message: ProtobufMessage) throws(ImportError) -> Node {
    var node = Node()
    try message.forEachField { (field) throws(ImportError) in
      switch field.number {
      case 1: node.inputs.append(try message.string(field.value))
      case 2: node.outputs.append(try message.string(field.value))
      case 3: node.name = try message.string(field.value)
      case 4: node.kind = try message.string(field.value)
      case 5:
        let (name, attribute) = try attribute(try message.message(field.value))
        node.attributes[name] = attribute
      case 7: node.domain = try message.string(field.value)
      default: break
      }
    }
    return node
  }

  /// An AttributeProto: name = 1, f = 2, i = 3, s = 4, t = 5, g = 6, floats = 7, ints = 8, graphs = 11.
  private static func attribute(_ message: ProtobufMessage) throws(ImportError) -> (String, Attribute) {
    var name = ""
    var attribute = Attribute()
    var (floats, integers): ([Float], [Int64]) = ([], [])
    try message.forEachField { (field) throws(ImportError) in
      switch (field.number, field.value) {
      case (1, _): name = try message.string(field.value)
      case (2, .number(let bits)): attribute.float = Float(bitPattern: UInt32(truncatingIfNeeded: bits))
      case (3, .number(let bits)): attribute.integer = Int64(bitPattern: bits)
      case (4, _): attribute.text = try message.string(field.value)
      case (5, _): attribute.tensor = try OnnxTensor(try message.message(field.value))
      case (6, _), (11, _): attribute.isGraph = true
      case (7, .number(let bits)): floats.append(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
      case (7, .bytes(let range)):
        let bytes = message.bytes(range)
        for start in stride(from: 0, to: bytes.count - bytes.count % 4, by: 4) {
          let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << (8 * $1) }
          floats.append(Float(bitPattern: bits))
        }
      case (8, _): integers += try message.integers(field.value)
      default: break
      }
    }
    if !floats.isEmpty { attribute.floats = floats }
    if !integers.isEmpty { attribute.integers = integers }
    return (name, attribute)
  }
}
