/// Appends little-endian values to a byte array.
package struct ByteWriter {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  package mutating func write<T: FixedWidthInteger>(_ value: T) {
    var rest = value
    for _ in 0..<(T.bitWidth / 8) {
      bytes.append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
  }

  package mutating func write(_ value: Bool) { bytes.append(value ? 1 : 0) }

  /// Negative zero is written as zero: the two are equal, so a canonical file has one of them.
  package mutating func write(_ value: Float) { write(value == 0 ? 0 : value.bitPattern) }

  /// - Precondition: fewer than 2³² elements.
  package mutating func write(count: Int) { write(UInt32(count)) }

  package mutating func write(_ string: String) {
    write(count: string.utf8.count)
    bytes.append(contentsOf: string.utf8)
  }

  package mutating func write(counted value: [UInt8]) {
    write(count: value.count)
    bytes += value
  }

  package mutating func write(counted values: [UInt32]) {
    write(count: values.count)
    bytes.reserveCapacity(bytes.count + 4 * values.count)
    for value in values { write(value) }
  }

  package mutating func write(_ digest: Digest) { bytes.append(contentsOf: digest.bytes) }

  package mutating func write(raw: [UInt8]) { bytes.append(contentsOf: raw) }
}
