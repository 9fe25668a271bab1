import TaperBase

/// A protocol buffers message in a mapped file: its fields one by one, without a schema.
///
/// Files are untrusted. Every length is checked against the message that holds it, groups are refused, and nothing is
/// read twice, so a message costs time in proportion to its bytes.
struct ProtobufMessage: Sendable {
  let file: MappedFile
  let range: Range<Int>

  enum Value {
    /// Wire types 0, 1 and 5.
    case number(UInt64)
    /// Wire type 2: a string, bytes, packed numbers or a message.
    case bytes(Range<Int>)
  }

  struct Field {
    var number: Int
    var value: Value
  }

  init(_ file: MappedFile) {
    self.init(file, 0..<file.count)
  }

  init(_ file: MappedFile, _ range: Range<Int>) {
    self.file = file
    self.range = range
  }

  /// - Throws: `malformed`, where the message is no message.
  func forEachField(_ body: (Field) throws(ImportError) -> Void) throws(ImportError) {
    var cursor = Cursor(file: file, position: range.lowerBound, end: range.upperBound)
    while cursor.position < range.upperBound {
      let key = try cursor.varint()
      let number = key >> 3
      guard number >= 1, number < 1 << 29 else { throw cursor.malformed("a field number") }
      let value: Value
      switch key & 7 {
      case 0: value = .number(try cursor.varint())
      case 1: value = .number(try cursor.fixed(8))
      case 5: value = .number(try cursor.fixed(4))
      case 2:
        let count = try cursor.varint()
        guard count <= UInt64(cursor.end - cursor.position) else { throw cursor.malformed("a length") }
        value = .bytes(cursor.position..<cursor.position + Int(count))
        cursor.position += Int(count)
      default: throw cursor.malformed("a wire type")
      }
      try body(Field(number: Int(number), value: value))
    }
  }

  /// The integers of a field that may be packed.
  func integers(_ value: Value) throws(ImportError) -> [Int64] {
    switch value {
    case .number(let number): return [Int64(bitPattern: number)]
    case .bytes(let range):
      var cursor = Cursor(file: file, position: range.lowerBound, end: range.upperBound)
      var integers: [Int64] = []
      while cursor.position < cursor.end { integers.append(Int64(bitPattern: try cursor.varint())) }
      return integers
    }
  }

  func message(_ value: Value) throws(ImportError) -> ProtobufMessage {
    guard case .bytes(let range) = value else {
      throw .malformed(path: file.path, what: "a message", offset: self.range.lowerBound)
    }
    return ProtobufMessage(file, range)
  }

  func string(_ value: Value) throws(ImportError) -> String {
    guard case .bytes(let range) = value, let text = String(validating: bytes(range), as: UTF8.self) else {
      throw .malformed(path: file.path, what: "a string", offset: self.range.lowerBound)
    }
    return text
  }

  func bytes(_ range: Range<Int>) -> [UInt8] {
    unsafe file.withBytes { unsafe [UInt8]($0[range]) }
  }
}

/// A position between two bounds of a file.
private struct Cursor {
  let file: MappedFile
  var position: Int
  let end: Int

  func malformed(_ what: String) -> ImportError { .malformed(path: file.path, what: what, offset: position) }

  mutating func fixed(_ count: Int) throws(ImportError) -> UInt64 {
    guard end - position >= count else { throw malformed("a number") }
    var value: UInt64 = 0
    unsafe file.withBytes { bytes in
      for byte in 0..<count { value |= UInt64(unsafe bytes[position + byte]) << (8 * byte) }
    }
    position += count
    return value
  }

  mutating func varint() throws(ImportError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 70, by: 7) {
      guard position < end else { throw malformed("a number") }
      let byte = unsafe file.withBytes { unsafe $0[position] }
      position += 1
      guard shift < 63 || byte <= 1 else { throw malformed("a number") }
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return value }
    }
    throw malformed("a number")
  }
}
