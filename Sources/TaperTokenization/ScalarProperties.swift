/// What the reference tokenizer does with a Unicode scalar, from the frozen tables.
struct ScalarProperties {
  private let bits: UInt16

  init(_ scalar: UInt32) {
    bits = scalar < 128 ? Self.ascii[Int(scalar)] : Self.search(scalar)
  }

  /// clean_text removes it.
  var isDropped: Bool { bits & 1 != 0 }
  /// clean_text makes it a space.
  var becomesSpace: Bool { bits & 2 != 0 }
  /// handle_chinese_chars puts spaces round it.
  var isChinese: Bool { bits & 4 != 0 }
  /// strip_accents removes it (a nonspacing mark of the reference's Unicode).
  var isNonspacing: Bool { bits & 8 != 0 }
  /// The pre-tokenizer splits at it.
  var isWhiteSpace: Bool { bits & 16 != 0 }
  /// The pre-tokenizer isolates it.
  var isPunctuation: Bool { bits & 32 != 0 }
  /// Canonical combining class.
  var combiningClass: UInt8 { UInt8(bits >> 8) }

  private static let ascii: [UInt16] = (0..<128).map { search($0) }

  private static func search(_ scalar: UInt32) -> UInt16 {
    let ranges = UnicodeTables.ranges
    var low = 0
    var high = ranges.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if ranges[middle] >> 8 <= scalar { low = middle } else { high = middle }
    }
    return UnicodeTables.properties[Int(ranges[low] & 0xFF)]
  }

  /// Appends the canonical decomposition of `scalar`, which may be itself.
  static func decompose(_ scalar: UInt32, _ body: (UInt32) -> Void) {
    if scalar < 0xC0 { return body(scalar) }
    if (0xAC00..<0xAC00 + 11_172).contains(scalar) {
      let index = scalar - 0xAC00
      body(0x1100 + index / 588)
      body(0x1161 + index % 588 / 28)
      if index % 28 != 0 { body(0x11A7 + index % 28) }
      return
    }
    guard let place = position(of: scalar, in: UnicodeTables.decomposed) else { return body(scalar) }
    let range = UnicodeTables.decompositionOffsets[place]..<UnicodeTables.decompositionOffsets[place + 1]
    for index in range { body(UnicodeTables.decompositions[Int(index)]) }
  }

  /// Hands over the lowercase mapping of `scalar`, which may be itself; one scalar but for U+0130.
  static func lowercase(_ scalar: UInt32, _ body: (UInt32) -> Void) {
    if scalar < 0x80 { return body((0x41...0x5A).contains(scalar) ? scalar + 32 : scalar) }
    if scalar == 0x130 {
      body(0x69)
      return body(0x307)
    }
    let firsts = UnicodeTables.lowercaseFirst
    var low = 0
    var high = firsts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if firsts[middle] <= scalar { low = middle } else { high = middle }
    }
    let last = UnicodeTables.lowercaseLast[low]
    guard firsts[low] <= scalar, scalar <= last >> 2, (scalar - firsts[low]) % (last & 3) == 0 else {
      return body(scalar)
    }
    body(UInt32(Int32(scalar) + UnicodeTables.lowercaseDelta[low]))
  }

  private static func position(of scalar: UInt32, in sorted: [UInt32]) -> Int? {
    var low = 0
    var high = sorted.count
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] < scalar { low = middle + 1 } else { high = middle }
    }
    return low < sorted.count && sorted[low] == scalar ? low : nil
  }
}
