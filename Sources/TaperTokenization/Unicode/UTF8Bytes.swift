/// UTF-8 decoding on bytes. String is not used because it compares by canonical equivalence.
enum UTF8Bytes {
  /// The bytes themselves when they are well-formed UTF-8, else with every maximal ill-formed part replaced
  /// by U+FFFD, as Python and Swift replace it.
  static func repaired(_ bytes: [UInt8]) -> [UInt8] {
    isWellFormed(bytes) ? bytes : Array(String(decoding: bytes, as: UTF8.self).utf8)
  }

  static func isWellFormed(_ bytes: [UInt8]) -> Bool {
    var index = 0
    while index < bytes.count {
      let lead = bytes[index]
      index += 1
      if lead < 0x80 { continue }
      let second: ClosedRange<UInt8>
      let further: Int
      switch lead {
      case 0xC2...0xDF: (second, further) = (0x80...0xBF, 0)
      case 0xE0: (second, further) = (0xA0...0xBF, 1)
      case 0xE1...0xEC, 0xEE...0xEF: (second, further) = (0x80...0xBF, 1)
      case 0xED: (second, further) = (0x80...0x9F, 1)
      case 0xF0: (second, further) = (0x90...0xBF, 2)
      case 0xF1...0xF3: (second, further) = (0x80...0xBF, 2)
      case 0xF4: (second, further) = (0x80...0x8F, 2)
      default: return false
      }
      guard bytes.count - index > further, second.contains(bytes[index]) else { return false }
      for offset in 0..<further where bytes[index + 1 + offset] & 0xC0 != 0x80 { return false }
      index += 1 + further
    }
    return true
  }

  /// The scalar that starts at `index`, and its length in bytes.
  /// - Precondition: `bytes` is well-formed and a scalar starts at `index`.
  @inline(__always)
  static func scalar(in bytes: [UInt8], at index: Int) -> (scalar: UInt32, length: Int) {
    let lead = UInt32(bytes[index])
    if lead < 0x80 { return (lead, 1) }
    let second = UInt32(bytes[index + 1] & 0x3F)
    if lead < 0xE0 { return ((lead & 0x1F) << 6 | second, 2) }
    let third = UInt32(bytes[index + 2] & 0x3F)
    if lead < 0xF0 { return ((lead & 0xF) << 12 | second << 6 | third, 3) }
    return ((lead & 7) << 18 | second << 12 | third << 6 | UInt32(bytes[index + 3] & 0x3F), 4)
  }

  /// Length of the scalar that begins with the byte `lead` of well-formed UTF-8.
  @inline(__always)
  static func length(ofLead lead: UInt8) -> Int {
    lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
  }

  /// Where the scalar before `index` starts.
  /// - Precondition: `index` is positive and at the border of two scalars of well-formed UTF-8.
  static func index(before index: Int, in bytes: [UInt8]) -> Int {
    var index = index - 1
    while bytes[index] & 0xC0 == 0x80 { index -= 1 }
    return index
  }

  /// The number of scalars that start in a part of the bytes.
  static func scalarCount(in bytes: [UInt8], _ range: Range<Int>) -> Int {
    var count = 0
    for index in range where bytes[index] & 0xC0 != 0x80 { count += 1 }
    return count
  }
}
