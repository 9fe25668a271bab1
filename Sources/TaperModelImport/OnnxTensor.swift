import TaperBase
import TaperModelSpec

/// A TensorProto: its name, type and shape, and where its data is.
struct OnnxTensor: Sendable {
  /// As onnx.proto numbers them.
  enum Element: Int {
    case f32 = 1
    case u8 = 2
    case i8 = 3
    case i32 = 6
    case i64 = 7
    case f16 = 10
    case f64 = 11
    case bf16 = 16

    var byteCount: Int {
      switch self {
      case .u8, .i8: 1
      case .f16, .bf16: 2
      case .f32, .i32: 4
      case .i64, .f64: 8
      }
    }
  }

  private(set) var name = ""
  private(set) var shape: [Int] = []
  private(set) var type = 0
  private let message: ProtobufMessage
  private var raw: Range<Int>?
  /// Numbers in the message itself, by the field that holds them: floats 4, integers 5, longs 7.
  private var inline: [(field: Int, value: ProtobufMessage.Value)] = []
  private var external: [String: String] = [:]
  private var isExternal = false

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
      case (4, _), (5, _), (7, _): inline.append((field.number, field.value))
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

  var element: Element? { Element(rawValue: type) }

  /// Product of the shape; nil when it is none, or too large.
  var count: Int? {
    var count = 1
    for size in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflow else { return nil }
      count = product
    }
    return count
  }

  /// The elements as Float, row-major.
  func floats() throws(ImportError) -> [Float] {
    let bytes = try bytes()
    let element = element ?? .f32
    var floats: [Float] = []
    floats.reserveCapacity(bytes.count / element.byteCount)
    for start in stride(from: 0, to: bytes.count, by: element.byteCount) {
      var bits: UInt64 = 0
      for byte in 0..<element.byteCount { bits |= UInt64(bytes[start + byte]) << (8 * byte) }
      switch element {
      case .f32: floats.append(Float(bitPattern: UInt32(bits)))
      case .f16: floats.append(Float(Float16(bitPattern: UInt16(bits))))
      case .bf16: floats.append(Float(bitPattern: UInt32(bits) << 16))
      case .f64: floats.append(Float(Double(bitPattern: bits)))
      case .u8: floats.append(Float(UInt8(bits)))
      case .i8: floats.append(Float(Int8(truncatingIfNeeded: bits)))
      case .i32: floats.append(Float(Int32(truncatingIfNeeded: bits)))
      case .i64: floats.append(Float(Int64(bitPattern: bits)))
      }
    }
    return floats
  }

  /// The elements' bytes, little-endian; as many as the shape says.
  private func bytes() throws(ImportError) -> [UInt8] {
    let path = message.file.path
    guard let element, let count else {
      throw .badTensor(
        path: path, tensor: name, expected: "numbers of a known type and shape",
        found: "type \(type), shape \(shape)")
    }
    let (expected, overflow) = count.multipliedReportingOverflow(by: element.byteCount)
    guard !overflow else {
      throw .badTensor(path: path, tensor: name, expected: "a shape that fits", found: "\(shape)")
    }
    let bytes =
      if isExternal { try externalBytes(expected) } else if let raw { message.bytes(raw) } else {
        try inlineBytes(element)
      }
    guard bytes.count == expected else {
      throw .badTensor(
        path: path, tensor: name, expected: "\(expected) bytes for \(shape)", found: "\(bytes.count)")
    }
    return bytes
  }

  private func inlineBytes(_ element: Element) throws(ImportError) -> [UInt8] {
    var bytes: [UInt8] = []
    for (field, value) in inline {
      if field == 4 {
        // Floats, packed or one by one, have fixed sizes.
        switch value {
        case .number(let bits):
          for byte in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: bits >> (8 * byte))) }
        case .bytes(let range): bytes += message.bytes(range)
        }
      } else {
        for integer in try message.integers(value) {
          for byte in 0..<element.byteCount { bytes.append(UInt8(truncatingIfNeeded: integer >> (8 * byte))) }
        }
      }
    }
    return bytes
  }

  /// Data of large models lies in a file beside the model: in the same folder or below it, not reached through a link.
  private func externalBytes(_ expected: Int) throws(ImportError) -> [UInt8] {
    let path = message.file.path
    let name = external["location"] ?? ""
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard !name.isEmpty, !name.hasPrefix("/"), !parts.contains(".."), !parts.contains("") else {
      throw .outsideFolder(path: path, tensor: self.name, file: name)
    }
    let other = FilePath.folder(of: path) + "/" + name
    guard FilePath.isInside(other, folder: FilePath.folder(of: path)) else {
      throw .outsideFolder(path: path, tensor: self.name, file: name)
    }
    let file = try ImportError.wrapping(try MappedFile(path: other))
    let start = external["offset"].map { Int($0) ?? -1 } ?? 0
    let length = external["length"].map { Int($0) ?? -1 } ?? expected
    guard start >= 0, length == expected, start <= file.count, length <= file.count - start else {
      throw .badTensor(
        path: path, tensor: self.name, expected: "\(expected) bytes inside \(name)",
        found: "\(length) at \(start)")
    }
    return unsafe file.withBytes { unsafe [UInt8]($0[start..<start + length]) }
  }
}
