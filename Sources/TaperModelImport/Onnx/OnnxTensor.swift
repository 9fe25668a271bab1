import TaperBase

/// A TensorProto: its name, and where its elements are. Field numbers are those of onnx.proto.
struct OnnxTensor {
  let name: String
  private let shape: [Int]
  private let type: Int
  private let message: ProtobufMessage
  private let raw: Range<Int>?
  /// Numbers in the message itself, by the field that holds them: floats 4, integers 5, longs 7, doubles 10, large
  /// integers 11.
  private let inline: [(field: Int, value: ProtobufMessage.Value)]
  private let external: [String: String]
  private let isExternal: Bool

  init(_ message: ProtobufMessage) throws(ImportError) {
    self.message = message
    var shape: [Int] = []
    var (type, name, isExternal) = (0, "", false)
    var raw: Range<Int>?
    var inline: [(field: Int, value: ProtobufMessage.Value)] = []
    var external: [String: String] = [:]
    try message.forEachField { (field) throws(ImportError) in
      switch (field.number, field.value) {
      case (1, _): shape += try message.integers(field.value).map { Int(clamping: $0) }
      case (2, .number(let number)): type = Int(clamping: number)
      case (8, _): name = try message.string(field.value)
      case (9, .bytes(let range)): raw = range
      case (4, _), (5, _), (7, _), (10, _), (11, _): inline.append((field.number, field.value))
      case (13, _):
        let (key, value) = try Self.entry(try message.message(field.value))
        external[key] = value
      case (14, .number(let number)): isExternal = number == 1
      default: break
      }
    }
    self.shape = shape
    self.type = type
    self.name = name
    self.raw = raw
    self.inline = inline
    self.external = external
    self.isExternal = isExternal
  }

  private static func entry(_ message: ProtobufMessage) throws(ImportError) -> (String, String) {
    var (key, value) = ("", "")
    try message.forEachField { (field) throws(ImportError) in
      if field.number == 1 { key = try message.string(field.value) }
      if field.number == 2 { value = try message.string(field.value) }
    }
    return (key, value)
  }

  /// As onnx.proto numbers them.
  static func element(_ type: Int) -> StoredConstant.Element? {
    switch type {
    case 1: .f32
    case 2: .u8
    case 3: .i8
    case 4: .u16
    case 5: .i16
    case 6: .i32
    case 7: .i64
    case 9: .boolean
    case 10: .f16
    case 11: .f64
    case 12: .u32
    case 13: .u64
    case 16: .bf16
    case 21: .u4
    case 22: .i4
    default: nil
    }
  }

  /// - Parameter folder: what was opened of it so far.
  func constant(_ folder: inout ExternalData) throws(ImportError) -> StoredConstant {
    let path = message.file.path
    guard let element = Self.element(type), shape.count <= 16,
      let count = GraphTensor.count(shape, limit: 1 << 48)
    else {
      throw .badTensor(
        path: path, tensor: name, expected: "numbers of a known type and shape",
        found: "type \(type), shape \(shape)")
    }
    let expected = StoredConstant.byteCount(count, element)
    let storage: StoredConstant.Storage
    var found: Int
    if isExternal {
      let (file, start, length) = try folder.range(of: self.name, external, expected: expected)
      (storage, found) = (.mapped(file, start: start), length)
    } else if let raw {
      (storage, found) = (.mapped(message.file, start: raw.lowerBound), raw.count)
    } else {
      let bytes = try inlineBytes(element)
      (storage, found) = (.bytes(bytes), bytes.count)
    }
    guard found == expected else {
      throw .badTensor(
        path: path, tensor: name, expected: "\(expected) bytes for \(shape)", found: "\(found)")
    }
    return StoredConstant(shape: shape, count: count, element: element, storage: storage)
  }

  private func inlineBytes(_ element: StoredConstant.Element) throws(ImportError) -> [UInt8] {
    let width = max(1, element.bitCount / 8)
    var bytes: [UInt8] = []
    for (field, value) in inline {
      switch (field, value) {
      case (4, .bytes(let range)), (10, .bytes(let range)): bytes += message.bytes(range)
      case (4, .number(let bits)), (10, .number(let bits)):
        for byte in 0..<(field == 4 ? 4 : 8) { bytes.append(UInt8(truncatingIfNeeded: bits >> (8 * byte))) }
      default:
        for integer in try message.integers(value) {
          for byte in 0..<width { bytes.append(UInt8(truncatingIfNeeded: integer >> (8 * byte))) }
        }
      }
    }
    return bytes
  }
}

/// Data of large models lies in files beside the model: in the same folder or below it, links followed.
struct ExternalData {
  let path: String
  private var files: [String: MappedFile] = [:]

  init(path: String) { self.path = path }

  mutating func range(
    of tensor: String, _ entries: [String: String], expected: Int
  ) throws(ImportError) -> (file: MappedFile, start: Int, length: Int) {
    let name = entries["location"] ?? ""
    let file = try open(name, tensor)
    let start = entries["offset"].map { Int($0) ?? -1 } ?? 0
    let length = entries["length"].map { Int($0) ?? -1 } ?? expected
    guard start >= 0, length == expected, start <= file.count, length <= file.count - start else {
      throw .badTensor(
        path: path, tensor: tensor, expected: "\(expected) bytes inside \(name)",
        found: "\(length) at \(start)")
    }
    return (file, start, length)
  }

  private mutating func open(_ name: String, _ tensor: String) throws(ImportError) -> MappedFile {
    if let file = files[name] { return file }
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    let other = FilePath.folder(of: path) + "/" + name
    guard !name.isEmpty, !name.hasPrefix("/"), !name.utf8.contains(0), !parts.contains(".."),
      !parts.contains(""),
      !FilePath.exists(other) || FilePath.isInside(other, folder: FilePath.folder(of: path))
    else { throw .outsideFolder(path: path, tensor: tensor, file: name) }
    let file = try ImportError.wrapping(try MappedFile(path: other))
    files[name] = file
    return file
  }
}
