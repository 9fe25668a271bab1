import TaperTokenization

/// CRC-32 as in zlib: the digest of the fixtures.
struct CRC32 {
  private static let table: [UInt32] = (0..<256).map { (byte: UInt32) in
    (0..<8).reduce(byte) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
  }

  private var state: UInt32 = .max

  var value: UInt32 { ~state }

  mutating func update(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { state = Self.table[Int(UInt8(truncatingIfNeeded: state) ^ byte)] ^ state >> 8 }
  }

  private mutating func update(_ number: UInt32) {
    update((0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * UInt32($0))) })
  }

  /// Ids, types and offsets, as little-endian 32-bit integers.
  mutating func update(_ encoding: Encoding) {
    for id in encoding.ids { update(id) }
    for type in encoding.typeIDs { update(type) }
    for offset in encoding.offsets {
      update(offset.begin)
      update(offset.end)
    }
  }
}
