/// The properties of one Unicode scalar that the reference tokenizer uses, from `UnicodeTables`.
struct ScalarProperties {
  /// Bits 0–5: the flags below. Bits 8–15: the canonical combining class.
  let bits: UInt16

  /// Looks a scalar up. Complexity: O(log ranges).
  init(_ scalar: UInt32) {
    let ranges = UnicodeTables.ranges
    // The first range starts at 0, so some range always contains the scalar.
    var low = 0
    var high = ranges.count
    while high - low > 1 {
      let middle = (low + high) >> 1
      if ranges[middle] >> 8 <= scalar { low = middle } else { high = middle }
    }
    bits = UnicodeTables.properties[Int(ranges[low] & 0xFF)]
  }

  /// Removed by clean_text.
  var isDropped: Bool { bits & 1 != 0 }
  /// Turned into a space by clean_text.
  var becomesSpace: Bool { bits & 2 != 0 }
  /// Surrounded with spaces by handle_chinese_chars.
  var isChinese: Bool { bits & 4 != 0 }
  /// Removed by strip_accents.
  var isNonspacingMark: Bool { bits & 8 != 0 }
  /// Separates words.
  var isWhiteSpace: Bool { bits & 16 != 0 }
  /// Is a word of its own.
  var isPunctuation: Bool { bits & 32 != 0 }
  /// Canonical combining class; 0 for starters.
  var combiningClass: UInt8 { UInt8(truncatingIfNeeded: bits >> 8) }
}

/// The pre-tokenizer's class of each ASCII character: `ScalarProperties` as a table, for speed.
enum AsciiKind {
  static let other: UInt8 = 0
  static let white: UInt8 = 1
  static let punctuation: UInt8 = 2

  static let table: [UInt8] = (0..<128).map { (code: UInt32) in
    let properties = ScalarProperties(code)
    return properties.isWhiteSpace ? white : properties.isPunctuation ? punctuation : other
  }
}
