/// What a `ByteReader` reads, and so which error tells that the bytes are damaged.
package protocol ByteReaderContext {
  associatedtype Failure: Error

  /// The bytes end at `offset`, before the value that begins there.
  func truncated(offset: UInt64, needed: UInt64, available: UInt64) -> Failure
  /// `found` is no value of this kind; `offset` is where it ends.
  func malformed(_ value: MalformedValue, offset: UInt64, found: UInt64) -> Failure
}

/// Reads little-endian values from untrusted bytes: every read is checked against what is left, and a count is accepted
/// only when the bytes for that many elements are there.
///
/// Safe because `bytes` is read only after `require` has compared with `bytes.count`.
@unsafe package struct ByteReader<Context: ByteReaderContext> {
  private let bytes: UnsafeRawBufferPointer
  package private(set) var position: Int
  private let context: Context

  package init(_ bytes: UnsafeRawBufferPointer, _ context: Context) {
    unsafe self.bytes = unsafe bytes
    unsafe position = 0
    unsafe self.context = context
  }

  package var remaining: Int { unsafe bytes.count - position }

  private func require(_ count: UInt64) throws(Context.Failure) {
    guard unsafe count <= UInt64(remaining) else {
      throw unsafe context.truncated(
        offset: UInt64(position), needed: count, available: UInt64(remaining))
    }
  }

  package mutating func read<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(Context.Failure) -> T {
    unsafe try require(UInt64(T.bitWidth / 8))
    let value = unsafe bytes.loadUnaligned(fromByteOffset: position, as: T.self)
    unsafe position += T.bitWidth / 8
    return T(littleEndian: value)
  }

  package mutating func readBool() throws(Context.Failure) -> Bool {
    let value = unsafe try read(UInt8.self)
    guard value <= 1 else { throw unsafe malformed(.boolean, found: UInt64(value)) }
    return value == 1
  }

  /// Finite, and never negative zero (the writer writes zero for it).
  package mutating func readFloat() throws(Context.Failure) -> Float {
    let bits = unsafe try read(UInt32.self)
    let value = Float(bitPattern: bits)
    guard value.isFinite, bits != 0x8000_0000 else { throw unsafe malformed(.float, found: UInt64(bits)) }
    return value
  }

  /// A count of elements of at least `elementSize` bytes each.
  package mutating func readCount(elementSize: Int) throws(Context.Failure) -> Int {
    let count = unsafe try Int(read(UInt32.self))
    unsafe try require(UInt64(count) * UInt64(elementSize))
    return count
  }

  package mutating func readBytes(_ count: Int) throws(Context.Failure) -> [UInt8] {
    unsafe try require(UInt64(count))
    let slice = unsafe [UInt8](UnsafeRawBufferPointer(rebasing: bytes[position..<position + count]))
    unsafe position += count
    return slice
  }

  /// Bytes with their count before them.
  package mutating func readCountedBytes() throws(Context.Failure) -> [UInt8] {
    unsafe try readBytes(try readCount(elementSize: 1))
  }

  package mutating func readString() throws(Context.Failure) -> String {
    let raw = unsafe try readCountedBytes()
    guard let string = String(validating: raw, as: UTF8.self) else {
      throw unsafe malformed(.utf8, found: UInt64(raw.count))
    }
    return string
  }

  package mutating func readDigest() throws(Context.Failure) -> Digest {
    unsafe Digest(bytes: try readBytes(32))
  }

  /// An enumeration's raw byte, through `make`.
  package mutating func readCase<T>(_ make: (UInt8) -> T?) throws(Context.Failure) -> T {
    let raw = unsafe try read(UInt8.self)
    guard let value = make(raw) else { throw unsafe malformed(.enumeration, found: UInt64(raw)) }
    return value
  }

  package mutating func readUInt16s(_ count: Int) throws(Context.Failure) -> [UInt16] {
    unsafe try readIntegers(count)
  }

  package mutating func readUInt32s(_ count: Int) throws(Context.Failure) -> [UInt32] {
    unsafe try readIntegers(count)
  }

  /// 32-bit values with their count before them.
  package mutating func readCountedUInt32s() throws(Context.Failure) -> [UInt32] {
    unsafe try readIntegers(try readCount(elementSize: 4))
  }

  private mutating func readIntegers<T: FixedWidthInteger>(_ count: Int) throws(Context.Failure) -> [T] {
    let size = T.bitWidth / 8
    unsafe try require(UInt64(count) * UInt64(size))
    let start = unsafe position
    let values = unsafe [T](unsafeUninitializedCapacity: count) { buffer, initialized in
      for index in 0..<count {
        let value = unsafe bytes.loadUnaligned(fromByteOffset: start + index * size, as: T.self)
        unsafe buffer.initializeElement(at: index, to: T(littleEndian: value))
      }
      initialized = count
    }
    unsafe position += count * size
    return values
  }

  /// Refuses bytes after the last value.
  package func finish() throws(Context.Failure) {
    guard unsafe remaining == 0 else { throw unsafe malformed(.trailingBytes, found: UInt64(remaining)) }
  }

  package func malformed(_ value: MalformedValue, found: UInt64) -> Context.Failure {
    unsafe context.malformed(value, offset: UInt64(position), found: found)
  }
}
