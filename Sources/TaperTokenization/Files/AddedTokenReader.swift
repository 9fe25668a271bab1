import TaperJSON

/// Reads the added tokens of tokenizer.json.
enum AddedTokenReader {
  static func read(
    _ list: TokenizerJSONNode?, _ vocabulary: Vocabulary
  ) throws(TokenizerError) -> [AddedToken] {
    guard let list else { return [] }
    var tokens: [AddedToken] = []
    var ids: [UInt32: String] = [:]
    for node in try list.elements() {
      let content = try node.required("content", "the token's text").string()
      let id = try node.required("id", "the token's id").integer(in: 0...(Vocabulary.maximumCount - 1))
      let bytes = Array(content.utf8)
      try check(bytes, id: id, vocabulary)
      if let other = ids.updateValue(content, forKey: UInt32(id)) {
        throw .duplicateID(id: id, tokens: [other, content])
      }
      let isSpecial = try node.flag("special", default: false)
      tokens.append(
        AddedToken(
          id: UInt32(id), content: bytes, isSpecial: isSpecial,
          isNormalized: try node.flag("normalized", default: !isSpecial),
          stripsLeft: try node.flag("lstrip", default: false),
          stripsRight: try node.flag("rstrip", default: false),
          isSingleWord: try node.flag("single_word", default: false)))
    }
    return tokens
  }

  /// A token of the vocabulary keeps its id; any other takes one that no token has.
  static func check(_ content: [UInt8], id: Int, _ vocabulary: Vocabulary) throws(TokenizerError) {
    let name = String(decoding: content, as: UTF8.self)
    let listed = vocabulary.id(of: content)
    if let listed, listed != id {
      throw .invalidAddedToken(content: name, reason: "its id is \(id), and \(listed) in the vocabulary")
    }
    if listed == nil, !vocabulary.bytes(of: UInt32(id)).isEmpty {
      let other = String(decoding: vocabulary.bytes(of: UInt32(id)), as: UTF8.self)
      throw .duplicateID(id: id, tokens: [other, name])
    }
  }
}
