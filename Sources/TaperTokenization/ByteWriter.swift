/// Writes what `ByteReader` reads.
struct ByteWriter {
  private(set) var bytes: [UInt8] = []

  mutating func byte(_ value: UInt8) { bytes.append(value) }
  mutating func flag(_ value: Bool) { bytes.append(value ? 1 : 0) }

  mutating func integer(_ value: UInt32) {
    for shift in stride(from: UInt32(0), to: 32, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }

  mutating func bytes(_ value: [UInt8]) {
    integer(UInt32(value.count))
    bytes += value
  }

  mutating func integers(_ values: [UInt32]) {
    integer(UInt32(values.count))
    bytes.reserveCapacity(bytes.count + 4 * values.count)
    for value in values { integer(value) }
  }
}
