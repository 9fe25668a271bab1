/// Reads little-endian values from one section of untrusted bytes: every read is checked against what is left, and a
/// count is believed only when the bytes for that many elements are there.
///
/// Safe because `bytes` is only touched in `byte(at:)` callers after `require` has compared with `bytes.count`.
@unsafe struct ByteReader {
  private let bytes: UnsafeRawBufferPointer
  private(set) var position: Int
  let section: SectionKind

  init(_ bytes: UnsafeRawBufferPointer, section: SectionKind) {
    unsafe self.bytes = unsafe bytes
    unsafe position = 0
    unsafe self.section = section
  }

  var remaining: Int { unsafe bytes.count - position }

  private func require(_ count: Int) throws(PlanFormatError) {
    guard unsafe count <= remaining else {
      throw unsafe .truncated(section: section, needed: UInt64(count), available: UInt64(remaining))
    }
  }

  mutating func read<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(PlanFormatError) -> T {
    unsafe try require(T.bitWidth / 8)
    let value = unsafe bytes.loadUnaligned(fromByteOffset: position, as: T.self)
    unsafe position += T.bitWidth / 8
    return T(littleEndian: value)
  }

  mutating func readBool() throws(PlanFormatError) -> Bool {
    let value = unsafe try read(UInt8.self)
    guard value <= 1 else { throw unsafe malformed(.boolean, found: UInt64(value)) }
    return value == 1
  }

  /// Finite, and never negative zero (the writer writes zero for it).
  mutating func readFloat() throws(PlanFormatError) -> Float {
    let bits = unsafe try read(UInt32.self)
    let value = Float(bitPattern: bits)
    guard value.isFinite, bits != 0x8000_0000 else { throw unsafe malformed(.float, found: UInt64(bits)) }
    return value
  }

  /// A count of elements of at least `elementSize` bytes each.
  mutating func readCount(elementSize: Int) throws(PlanFormatError) -> Int {
    let count = unsafe try Int(read(UInt32.self))
    guard unsafe count <= remaining / elementSize else {
      throw unsafe .truncated(
        section: section, needed: UInt64(count) * UInt64(elementSize), available: UInt64(remaining))
    }
    return count
  }

  mutating func readBytes(_ count: Int) throws(PlanFormatError) -> [UInt8] {
    unsafe try require(count)
    let slice = unsafe [UInt8](UnsafeRawBufferPointer(rebasing: bytes[position..<position + count]))
    unsafe position += count
    return slice
  }

  mutating func readString() throws(PlanFormatError) -> String {
    let count = unsafe try readCount(elementSize: 1)
    let raw = unsafe try readBytes(count)
    guard let string = String(validating: raw, as: UTF8.self) else {
      throw unsafe malformed(.utf8, found: UInt64(count))
    }
    return string
  }

  mutating func readDigest() throws(PlanFormatError) -> Digest { unsafe Digest(bytes: try readBytes(32)) }

  /// An enumeration's raw byte, through `make`.
  mutating func readCase<T>(_ make: (UInt8) -> T?) throws(PlanFormatError) -> T {
    let raw = unsafe try read(UInt8.self)
    guard let value = make(raw) else { throw unsafe malformed(.enumeration, found: UInt64(raw)) }
    return value
  }

  /// `count` 16-bit values.
  mutating func readUInt16s(_ count: Int) throws(PlanFormatError) -> [UInt16] {
    unsafe try require(count * 2)
    var values: [UInt16] = []
    values.reserveCapacity(count)
    for _ in 0..<count { unsafe values.append(try read()) }
    return values
  }

  /// `count` 32-bit values.
  mutating func readUInt32s(_ count: Int) throws(PlanFormatError) -> [UInt32] {
    unsafe try require(count * 4)
    var values: [UInt32] = []
    values.reserveCapacity(count)
    for _ in 0..<count { unsafe values.append(try read()) }
    return values
  }

  /// Refuses bytes after the last value.
  func finish() throws(PlanFormatError) {
    guard unsafe remaining == 0 else { throw unsafe malformed(.trailingBytes, found: UInt64(remaining)) }
  }

  func malformed(_ value: MalformedValue, found: UInt64) -> PlanFormatError {
    unsafe .malformed(section: section, value: value, offset: UInt64(position), found: found)
  }
}
