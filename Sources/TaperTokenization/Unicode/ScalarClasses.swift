/// What tokenizers other than BERT's ask of one Unicode scalar, from `UnicodeTables`.
struct ScalarClasses {
  /// Bits 0–4: the flags below. Bits 8–11: the grapheme class. Bits 12–13: the conjunct class.
  let bits: UInt16

  /// Looks a scalar up. Complexity: O(log ranges).
  init(_ scalar: UInt32) {
    bits = UnicodeTables.value(of: scalar, in: UnicodeTables.classRanges, UnicodeTables.classes)
  }

  /// \p{L}
  var isLetter: Bool { bits & 1 != 0 }
  /// \p{N}
  var isNumber: Bool { bits & 2 != 0 }
  /// \w
  var isWord: Bool { bits & 4 != 0 }
  /// A digit of the Digits pre-tokenizer.
  var isNumeric: Bool { bits & 8 != 0 }
  /// Removed by StripAccents.
  var isMark: Bool { bits & 16 != 0 }
  var grapheme: Grapheme { Grapheme(rawValue: UInt8(truncatingIfNeeded: bits >> 8 & 15)) ?? .other }
  var conjunct: Conjunct { Conjunct(rawValue: UInt8(truncatingIfNeeded: bits >> 12 & 3)) ?? .none }

  /// How a scalar joins its neighbours in a grapheme cluster (Unicode Standard Annex 29). Regional indicators are
  /// `other`: whether two of them join shows nowhere (see `CharacterMap`).
  enum Grapheme: UInt8 {
    case other, carriageReturn, lineFeed, control, extend, joiner, spacingMark, prepend
    case leading, vowel, trailing, syllable, closedSyllable
    case pictographic
  }

  /// Indic_Conjunct_Break.
  enum Conjunct: UInt8 {
    case none, consonant, linker, extend
  }
}

/// The kinds of scalars that the regular expressions of byte-level tokenizers tell apart.
enum WordKind: UInt8 {
  case letter, number, whiteSpace, other

  init(_ scalar: UInt32) {
    if scalar < 0x80 {
      self = Self.ascii[Int(scalar)]
      return
    }
    self = Self.lookUp(scalar)
  }

  private static func lookUp(_ scalar: UInt32) -> WordKind {
    let classes = ScalarClasses(scalar)
    if classes.isLetter { return .letter }
    if classes.isNumber { return .number }
    return ScalarProperties(scalar).isWhiteSpace ? .whiteSpace : .other
  }

  private static let ascii: [WordKind] = (0..<128).map { (code: UInt32) in lookUp(code) }
}
