/// The properties of one Unicode scalar that the reference tokenizer uses, from `UnicodeTables`.
struct ScalarProperties {
  /// Bits 0–5: the flags below. Bits 8–15: the canonical combining class.
  let bits: UInt16

  /// Looks a scalar up. Complexity: O(log ranges).
  init(_ scalar: UInt32) {
    bits = UnicodeTables.value(of: scalar, in: UnicodeTables.ranges, UnicodeTables.properties)
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

extension UnicodeTables {
  /// The value of the range that contains a scalar.
  /// - Parameters:
  ///   - ranges: ascending; each has its first scalar in the upper 24 bits and the place of its value below. The first
  ///     starts at 0, so some range always contains the scalar.
  @inline(__always)
  static func value(of scalar: UInt32, in ranges: [UInt32], _ values: [UInt16]) -> UInt16 {
    var low = 0
    var high = ranges.count
    while high - low > 1 {
      let middle = (low + high) >> 1
      if ranges[middle] >> 8 <= scalar { low = middle } else { high = middle }
    }
    return values[Int(ranges[low] & 0xFF)]
  }
}
