/// A token that is looked for in the text itself, before words are.
struct AddedToken: Hashable, Sendable {
  var id: UInt32
  /// UTF-8.
  var content: [UInt8]
  /// Special tokens are those that templates use, and those that `allowsSpecialTokensInText` is about.
  var isSpecial: Bool
  /// Looked for in the normalised text, in its own normal form, instead of in the raw text.
  var isNormalized: Bool
  /// The match takes the white space before it.
  var stripsLeft: Bool
  /// The match takes the white space after it.
  var stripsRight: Bool
}
