extension Digest {
  /// 64 lower-case hexadecimal digits.
  public var hex: String { Digest.hex(bytes[...]) }

  /// The first 16 hexadecimal digits: enough to name a file or to compare by eye.
  public var shortHex: String { Digest.hex(bytes[..<8]) }

  private static func hex(_ bytes: ArraySlice<UInt8>) -> String {
    var digits: [UInt8] = []
    digits.reserveCapacity(bytes.count * 2)
    for byte in bytes {
      for nibble in [byte >> 4, byte & 15] { digits.append(nibble < 10 ? 48 + nibble : 87 + nibble) }
    }
    return String(decoding: digits, as: UTF8.self)
  }
}
