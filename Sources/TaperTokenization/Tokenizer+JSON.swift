public import TaperJSON

extension Tokenizer {
  /// Reads a WordPiece tokenizer.json. Its padding and truncation are ignored: the caller of `encode` gives the maximum
  /// length.
  public init(tokenizerJSON json: JSONValue) throws(TokenizerError) {
    let root = TokenizerJSONNode(path: "", value: json)
    guard json.object != nil else {
      throw .invalid(path: "the top", expected: "an object", found: json.kindDescription)
    }
    let model = try root.required("model", "an object with \"type\": \"WordPiece\"")
    let wordPiece = try Self.readWordPiece(model)
    let addedTokens = try Self.readAddedTokens(root, wordPiece.vocabulary)
    let options = try Self.readNormalizer(root)
    if let preTokenizer = root["pre_tokenizer"] {
      try preTokenizer.requireType("BertPreTokenizer")
    } else {
      throw .missing(path: "pre_tokenizer", expected: "{\"type\": \"BertPreTokenizer\"}")
    }
    let tokens = TokenIDs(vocabulary: wordPiece.vocabulary, addedTokens: addedTokens)
    let (template, trimming) = try PostProcessorReader.read(root["post_processor"], tokens)
    try self.init(
      normalizerOptions: options, wordPiece: wordPiece, addedTokens: addedTokens, template: template,
      trimming: trimming)
  }

  private static func readWordPiece(_ model: TokenizerJSONNode) throws(TokenizerError) -> WordPiece {
    // Old files have no type; only WordPiece has a prefix.
    if model["type"] != nil || model["continuing_subword_prefix"] == nil {
      try model.requireType("WordPiece")
    }
    let vocabulary = try readVocabulary(try model.required("vocab", "an object from token to id"))
    let unknown = try model.string("unk_token", default: "[UNK]")
    guard let unknownID = vocabulary.id(of: Array(unknown.utf8)) else {
      throw .tokenNotInVocabulary(role: "unknown", token: unknown)
    }
    let maximumScalars = try model.integer("max_input_chars_per_word", default: 100, in: 0...1_000_000)
    let prefix = try model.string("continuing_subword_prefix", default: "##")
    return WordPiece(
      vocabulary: vocabulary, unknownID: unknownID, prefix: Array(prefix.utf8), maximumScalars: maximumScalars
    )
  }

  private static func readVocabulary(_ node: TokenizerJSONNode) throws(TokenizerError) -> Vocabulary {
    let members = try node.members()
    if members.isEmpty {
      throw .invalid(path: node.path, expected: "at least one token", found: "an empty object")
    }
    if members.count > Vocabulary.maximumCount {
      throw .tooLarge(what: "the vocabulary's size", found: members.count, limit: Vocabulary.maximumCount)
    }
    // There are few more ids than tokens. The limit keeps one absurd id from allocating memory for millions.
    let limit = min(Vocabulary.maximumCount, 2 * members.count + 4096)
    var tokens: [[UInt8]?] = Array(repeating: nil, count: members.count)
    for (token, value) in members {
      guard let id = value.int, id >= 0 else {
        throw .invalid(
          path: "\(node.path)[\"\(token)\"]", expected: "an id (a whole number from 0)",
          found: value.int.map(String.init) ?? value.kindDescription)
      }
      guard id < limit else { throw .tooLarge(what: "the id of \"\(token)\"", found: id, limit: limit - 1) }
      if id >= tokens.count { tokens += Array(repeating: nil, count: id + 1 - tokens.count) }
      if let other = tokens[id] {
        throw .duplicateID(id: id, tokens: [String(decoding: other, as: UTF8.self), token])
      }
      tokens[id] = Array(token.utf8)
    }
    return try Vocabulary(tokens: tokens.map { $0 ?? [] })
  }

  private static func readAddedTokens(
    _ root: TokenizerJSONNode, _ vocabulary: Vocabulary
  ) throws(TokenizerError) -> [AddedToken] {
    guard let list = root["added_tokens"] else { return [] }
    var tokens: [AddedToken] = []
    var ids: [UInt32: String] = [:]
    for node in try list.elements() {
      let content = try node.required("content", "the token's text").string()
      let id = try node.required("id", "the token's id").integer(in: 0...(Vocabulary.maximumCount - 1))
      if try node.flag("single_word", default: false) {
        throw .unsupported(
          path: "\(node.path).single_word", found: "a token matched as a single word", supported: "false")
      }
      let bytes = Array(content.utf8)
      let listed = vocabulary.id(of: bytes)
      if let listed, listed != id {
        throw .invalidAddedToken(content: content, reason: "its id is \(id), and \(listed) in the vocabulary")
      }
      if listed == nil, !vocabulary.bytes(of: UInt32(id)).isEmpty {
        let other = String(decoding: vocabulary.bytes(of: UInt32(id)), as: UTF8.self)
        throw .duplicateID(id: id, tokens: [other, content])
      }
      if let other = ids.updateValue(content, forKey: UInt32(id)) {
        throw .duplicateID(id: id, tokens: [other, content])
      }
      let isSpecial = try node.flag("special", default: false)
      tokens.append(
        AddedToken(
          id: UInt32(id), content: bytes, isSpecial: isSpecial,
          isNormalized: try node.flag("normalized", default: !isSpecial),
          stripsLeft: try node.flag("lstrip", default: false),
          stripsRight: try node.flag("rstrip", default: false)))
    }
    return tokens
  }

  private static func readNormalizer(_ root: TokenizerJSONNode) throws(TokenizerError) -> NormalizerOptions {
    guard let node = root["normalizer"] else {
      throw .missing(path: "normalizer", expected: "{\"type\": \"BertNormalizer\", …}")
    }
    try node.requireType("BertNormalizer")
    let stripsAccents = node["strip_accents"] == nil ? nil : try node.flag("strip_accents", default: false)
    return NormalizerOptions(
      lowercases: try node.flag("lowercase", default: true), stripsAccents: stripsAccents,
      cleansText: try node.flag("clean_text", default: true),
      spacesChinese: try node.flag("handle_chinese_chars", default: true))
  }
}
