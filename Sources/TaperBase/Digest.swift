/// A SHA-256 digest.
public struct Digest: Hashable, Sendable {
  /// 32 bytes.
  public let bytes: [UInt8]

  /// - Precondition: 32 bytes.
  public init(bytes: [UInt8]) {
    precondition(bytes.count == 32)
    self.bytes = bytes
  }

  /// Reads what `hex` gives; nil unless the text is 64 lower-case hexadecimal digits.
  public init?(hex text: String) {
    let digits = Array(text.utf8)
    guard digits.count == 64 else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: 64, by: 2) {
      guard let high = Digest.nibble(digits[index]), let low = Digest.nibble(digits[index + 1]) else {
        return nil
      }
      bytes.append(high << 4 | low)
    }
    self.bytes = bytes
  }

  public static let zero = Digest(bytes: [UInt8](repeating: 0, count: 32))

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

  private static func nibble(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}
