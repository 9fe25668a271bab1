import TaperBase

/// An OpenVINO IR: layers and the edges between their ports (openvino_model.xml), and the file of their constants
/// (openvino_model.bin). Constants stay in the mapped file until they are asked for.
struct IRModel {
  struct Layer {
    var id: Int
    var name: String
    var type: String
    /// Attributes of its "data".
    var data: [String: String] = [:]
    /// Names of its first output as the model's tensors have them.
    var tensorNames: [String] = []
    var inputPorts: [Int] = []
    var outputPorts: [Int] = []
    /// Of its first output.
    var isBoolean = false

    func flag(_ name: String) -> Bool { data[name].map { $0 == "true" || $0 == "1" } ?? false }
    func integer(_ name: String) -> Int? { data[name].flatMap { Int($0) } }
    func float(_ name: String) -> Float? { data[name].flatMap { Float($0) } }
    /// Numbers with commas between.
    func integers(_ name: String) -> [Int]? { data[name].flatMap(IRModel.integers) }
  }

  struct Port: Hashable {
    var layer: Int
    var port: Int
  }

  let path: String
  private(set) var layers: [Layer] = []
  /// What leads into an input port.
  private(set) var edges: [Port: Port] = [:]

  static func integers(_ text: String) -> [Int]? {
    let parts = text.split(separator: ",").map { $0.filter { $0 != " " } }
    guard !parts.isEmpty || text.isEmpty else { return nil }
    let numbers = parts.compactMap { Int($0) }
    return numbers.count == parts.count ? numbers : nil
  }

  init(path: String) throws(ImportError) {
    self.path = path
    let xml = try BoundedXML(path: path)
    var names: [String] = []
    while let event = try xml.next() {
      switch event {
      case .start(let name, let attributes):
        names.append(name)
        if names.count == 1, name != "net" { throw .malformedIR(path: path, what: "a <\(name)> document") }
        // Bodies of loops lie deeper, in layers that are refused.
        switch names {
        case ["net", "layers", "layer"]: try begin(attributes)
        case ["net", "layers", "layer", "data"]: layers[layers.count - 1].data = attributes
        case ["net", "layers", "layer", "input", "port"]:
          layers[layers.count - 1].inputPorts.append(try number(attributes["id"], "a port's id"))
        case ["net", "layers", "layer", "output", "port"]:
          let last = layers.count - 1
          layers[last].outputPorts.append(try number(attributes["id"], "a port's id"))
          if layers[last].outputPorts.count == 1 {
            layers[last].isBoolean = attributes["precision"] == "BOOL"
            layers[last].tensorNames = (attributes["names"] ?? "").split(separator: ",").map(String.init)
          }
        case ["net", "edges", "edge"]:
          let from = Port(
            layer: try number(attributes["from-layer"], "from-layer"),
            port: try number(attributes["from-port"], "from-port"))
          let to = Port(
            layer: try number(attributes["to-layer"], "to-layer"),
            port: try number(attributes["to-port"], "to-port"))
          guard edges.updateValue(from, forKey: to) == nil else {
            throw .malformedIR(path: path, what: "two edges to port \(to.port) of layer \(to.layer)")
          }
        default: break
        }
      case .end: _ = names.popLast()
      case .text: break
      }
    }
    guard !layers.isEmpty else { throw .malformedIR(path: path, what: "no layers") }
  }

  private mutating func begin(_ attributes: [String: String]) throws(ImportError) {
    guard layers.count < ModelGraph.nodeLimit else {
      throw .tooLarge(path: path, what: "layers", limit: ModelGraph.nodeLimit)
    }
    layers.append(
      Layer(
        id: try number(attributes["id"], "a layer's id"), name: attributes["name"] ?? "",
        type: attributes["type"] ?? ""))
  }

  private func number(_ text: String?, _ what: String) throws(ImportError) -> Int {
    guard let text, let number = Int(text), number >= 0 else {
      throw .malformedIR(path: path, what: "\(what) of \"\(text ?? "")\"")
    }
    return number
  }

  /// The file of constants: the same name with another ending.
  func openConstants() throws(ImportError) -> MappedFile {
    try ImportError.wrapping(try MappedFile(path: path.dropLast(4) + ".bin"))
  }

  /// A Const layer's elements.
  static func constant(_ layer: Layer, in file: MappedFile, path: String) throws(ImportError)
    -> StoredConstant
  {
    guard let element = element(layer.data["element_type"] ?? ""),
      let shape = integers(layer.data["shape"] ?? ""),
      shape.count <= 16, let count = GraphTensor.count(shape, limit: 1 << 48)
    else {
      throw .badTensor(
        path: path, tensor: layer.name, expected: "numbers of a known type and shape",
        found: "type \(layer.data["element_type"] ?? ""), shape [\(layer.data["shape"] ?? "")]")
    }
    let expected = StoredConstant.byteCount(count, element)
    guard let start = layer.integer("offset"), let size = layer.integer("size"), size == expected, start >= 0,
      start <= file.count, size <= file.count - start
    else {
      throw .badTensor(
        path: path, tensor: layer.name,
        expected: "\(expected) bytes inside the \(file.count) of \(FilePath.name(file.path))",
        found: "\(layer.data["size"] ?? "none") at \(layer.data["offset"] ?? "none")")
    }
    return StoredConstant(shape: shape, count: count, element: element, storage: .mapped(file, start: start))
  }

  static func element(_ name: String) -> StoredConstant.Element? {
    switch name {
    case "f32": .f32
    case "f16": .f16
    case "bf16": .bf16
    case "f64": .f64
    case "u8": .u8
    case "i8": .i8
    case "u16": .u16
    case "i16": .i16
    case "u32": .u32
    case "i32": .i32
    case "u64": .u64
    case "i64": .i64
    case "boolean": .boolean
    case "u4": .u4
    case "i4": .i4
    default: nil
    }
  }
}
