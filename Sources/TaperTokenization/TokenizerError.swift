/// Why tokenizer files or bytes are refused.
public enum TokenizerError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A field of tokenizer.json, by its path, that is not what was expected.
  case field(path: String, expected: String, found: String)
  /// A special token that the vocabulary lacks.
  case missingToken(String)
  /// Two entries of the vocabulary with one id, or one token twice.
  case duplicate(String)
  case tooLarge(what: String, limit: Int, found: Int)
  /// Bytes of a plan's tokenizer section.
  case corrupt(offset: Int, expected: String)
  case unsupportedVersion(found: UInt32, supported: UInt32)

  public var description: String {
    switch self {
    case .field(let path, let expected, let found):
      "tokenizer.json, \(path): expected \(expected); found \(found); Taper reads BERT WordPiece tokenizers"
    case .missingToken(let token):
      "vocabulary: expected the token \(token); found none; the file may be of another model"
    case .duplicate(let what): "vocabulary: expected each id and token once; found \(what) twice"
    case .tooLarge(let what, let limit, let found): "\(what): expected at most \(limit); found \(found)"
    case .corrupt(let offset, let expected):
      "tokenizer section, byte \(offset): expected \(expected); the plan is damaged, make it again"
    case .unsupportedVersion(let found, let supported):
      "tokenizer section: expected version \(supported); found \(found); run it with the version that made it"
    }
  }
}
