/// Why a tokenizer could not be read. Encoding a text never fails.
public enum TokenizerError: Error, Hashable, Sendable {
  /// A required member of tokenizer.json is absent.
  case missing(path: String, expected: String)
  /// A member of tokenizer.json is of the wrong kind or out of its range.
  case invalid(path: String, expected: String, found: String)
  /// A valid component that this tokenizer does not implement.
  case unsupported(path: String, found: String, supported: String)
  /// Two vocabulary entries have the same id.
  case duplicateID(id: Int, tokens: [String])
  /// A size above what is accepted.
  case tooLarge(what: String, found: Int, limit: Int)
  /// A token that the tokenizer needs is not in its vocabulary.
  case tokenNotInVocabulary(role: String, token: String)
  /// An added token that cannot be matched.
  case invalidAddedToken(content: String, reason: String)
  /// vocab.txt is not a list of UTF-8 lines.
  case invalidVocabularyFile(reason: String)
  /// The binary form ends early or contradicts itself. `offset` counts bytes from its start.
  case corrupt(offset: Int, reason: String)
  /// The binary form was written by another version.
  case unsupportedVersion(found: UInt32, supported: UInt32)
}

extension TokenizerError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .missing(let path, let expected):
      "tokenizer.json: expected \(path) to be \(expected), found nothing; save the model again with the fast tokenizer"
    case .invalid(let path, let expected, let found):
      "tokenizer.json: expected \(path) to be \(expected), found \(found); "
        + "save the model again with the fast tokenizer"
    case .unsupported(let path, let found, let supported):
      "tokenizer.json: \(path) is \(found), which is not supported; supported: \(supported). "
        + "Convert the tokenizer or choose another model"
    case .duplicateID(let id, let tokens):
      "the vocabulary gives id \(id) to \(tokens.map { "\"\($0)\"" }.joined(separator: " and ")); "
        + "ids must be distinct: restore the original file"
    case .tooLarge(let what, let found, let limit):
      "expected \(what) to be at most \(limit), found \(found); the file is probably damaged"
    case .tokenNotInVocabulary(let role, let token):
      "the \(role) token \"\(token)\" is not in the vocabulary; "
        + "check that vocabulary and tokenizer configuration belong together"
    case .invalidAddedToken(let content, let reason):
      "added token \"\(content)\": \(reason); remove it from added_tokens"
    case .invalidVocabularyFile(let reason):
      "vocab.txt: expected one UTF-8 token per line: \(reason); restore the original file"
    case .corrupt(let offset, let reason):
      "the stored tokenizer is damaged at byte \(offset): \(reason); plan the model again"
    case .unsupportedVersion(let found, let supported):
      "the stored tokenizer has version \(found), and this program reads version \(supported); "
        + "plan the model again with this version"
    }
  }
}
