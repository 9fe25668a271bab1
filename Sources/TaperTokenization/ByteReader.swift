/// Reads little-endian fields from bytes nobody vouches for.
struct ByteReader {
  private let bytes: [UInt8]
  private(set) var offset = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var remaining: Int { bytes.count - offset }

  func fail(_ reason: String) -> TokenizerError { .corrupt(offset: offset, reason: reason) }

  mutating func byte(_ what: String) throws(TokenizerError) -> UInt8 {
    guard remaining >= 1 else { throw fail("it ends before \(what)") }
    defer { offset += 1 }
    return bytes[offset]
  }

  mutating func flag(_ what: String) throws(TokenizerError) -> Bool {
    let value = try byte(what)
    guard value <= 1 else { throw fail("\(what) is \(value), where 0 or 1 was expected") }
    return value == 1
  }

  mutating func integer(_ what: String) throws(TokenizerError) -> UInt32 {
    guard remaining >= 4 else { throw fail("it ends before \(what)") }
    defer { offset += 4 }
    return word(at: offset)
  }

  /// A count of things of which each takes at least `size` bytes: never more than the bytes left can hold.
  mutating func count(_ what: String, size: Int) throws(TokenizerError) -> Int {
    let value = Int(try integer(what))
    guard value <= remaining / size else { throw fail("\(what) is \(value), more than fits what follows") }
    return value
  }

  mutating func bytes(_ what: String) throws(TokenizerError) -> [UInt8] {
    let count = try count("the length of \(what)", size: 1)
    defer { offset += count }
    return Array(bytes[offset..<(offset + count)])
  }

  mutating func integers(_ what: String) throws(TokenizerError) -> [UInt32] {
    let count = try count("the number of \(what)", size: 4)
    let start = offset
    offset += 4 * count
    return unsafe [UInt32](unsafeUninitializedCapacity: count) { buffer, initialized in
      for index in 0..<count { unsafe buffer[index] = word(at: start + 4 * index) }
      initialized = count
    }
  }

  @inline(__always)
  private func word(at position: Int) -> UInt32 {
    UInt32(bytes[position]) | UInt32(bytes[position + 1]) << 8 | UInt32(bytes[position + 2]) << 16
      | UInt32(bytes[position + 3]) << 24
  }
}
