/// A token matched in the text itself, before the text is split into words.
struct AddedToken: Hashable, Sendable {
  var id: UInt32
  /// UTF-8.
  var content: [UInt8]
  /// Used by templates. In a text it counts only with `allowsSpecialTokensInText`.
  var isSpecial: Bool
  /// Its normal form is matched in the normalised text, instead of its content in the raw text.
  var isNormalized: Bool
  /// The match includes the white space before it.
  var stripsLeft: Bool
  /// The match includes the white space after it.
  var stripsRight: Bool
  /// Matches only where no letter, digit or other word character touches it.
  var isSingleWord = false
}
