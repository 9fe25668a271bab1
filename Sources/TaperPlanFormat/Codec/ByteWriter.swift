/// Appends little-endian values to a byte array.
struct ByteWriter {
  private(set) var bytes: [UInt8] = []

  mutating func write<T: FixedWidthInteger>(_ value: T) {
    var rest = value
    for _ in 0..<(T.bitWidth / 8) {
      bytes.append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
  }

  mutating func write(_ value: Bool) { bytes.append(value ? 1 : 0) }

  /// Negative zero is written as zero: the two are equal, so a canonical file has one of them.
  mutating func write(_ value: Float) { write(value == 0 ? 0 : value.bitPattern) }

  /// - Precondition: fewer than 2³² elements.
  mutating func write(count: Int) { write(UInt32(count)) }

  mutating func write(_ string: String) {
    write(count: string.utf8.count)
    bytes.append(contentsOf: string.utf8)
  }

  mutating func write(_ digest: Digest) { bytes.append(contentsOf: digest.bytes) }

  mutating func write(raw: [UInt8]) { bytes.append(contentsOf: raw) }
}
