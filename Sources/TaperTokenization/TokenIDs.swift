/// Ids by token, of the vocabulary and of what is added to it.
struct TokenIDs {
  var vocabulary: Vocabulary
  var addedTokens: [AddedToken]

  /// Whether a token has this id.
  func contains(_ id: Int) -> Bool {
    guard let id = UInt32(exactly: id) else { return false }
    return !vocabulary.bytes(of: id).isEmpty || addedTokens.contains { $0.id == id }
  }
}
