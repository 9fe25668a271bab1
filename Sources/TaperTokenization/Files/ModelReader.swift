import TaperJSON

/// Reads the model of tokenizer.json.
enum ModelReader {
  static func read(_ node: TokenizerJSONNode) throws(TokenizerError) -> TokenModel {
    // Old files have no type: only BPE has merges, and only WordPiece a prefix.
    let type =
      if let named = node["type"] {
        try named.string()
      } else if node["merges"] != nil {
        "BPE"
      } else if node["continuing_subword_prefix"] != nil {
        "WordPiece"
      } else {
        try node.required("type", "WordPiece, BPE, Unigram or WordLevel").string()
      }
    switch type {
    case "WordPiece": return .wordPiece(try wordPiece(node))
    case "BPE": return .bytePairs(try bytePairs(node))
    case "Unigram": return .unigram(try unigram(node))
    case "WordLevel": return .wordLevel(try wordLevel(node))
    default:
      throw .unsupported(
        path: node.path, found: "\"\(type)\"", supported: "WordPiece, BPE, Unigram, WordLevel")
    }
  }

  private static func wordPiece(_ node: TokenizerJSONNode) throws(TokenizerError) -> WordPiece {
    let vocabulary = try vocabulary(try node.required("vocab", "an object from token to id"))
    let unknownID = try unknown(try node.string("unk_token", default: "[UNK]"), vocabulary)
    let maximumScalars = try node.integer("max_input_chars_per_word", default: 100, in: 0...1_000_000)
    let prefix = try node.string("continuing_subword_prefix", default: "##")
    return WordPiece(
      vocabulary: vocabulary, unknownID: unknownID, prefix: Array(prefix.utf8), maximumScalars: maximumScalars
    )
  }

  private static func wordLevel(_ node: TokenizerJSONNode) throws(TokenizerError) -> WordLevel {
    let vocabulary = try vocabulary(try node.required("vocab", "an object from token to id"))
    let unknown = try node.required("unk_token", "the unknown token").string()
    return WordLevel(vocabulary: vocabulary, unknownID: try self.unknown(unknown, vocabulary))
  }

  private static func unknown(
    _ token: String, _ vocabulary: Vocabulary
  ) throws(TokenizerError) -> UInt32 {
    guard let id = vocabulary.id(of: Array(token.utf8)) else {
      throw .tokenNotInVocabulary(role: "unknown", token: token)
    }
    return id
  }

  // MARK: BPE

  private static func bytePairs(_ node: TokenizerJSONNode) throws(TokenizerError) -> BytePairEncoding {
    let vocabulary = try vocabulary(try node.required("vocab", "an object from token to id"))
    if let dropout = node["dropout"], dropout.value.double != 0 {
      throw .unsupported(
        path: dropout.path, found: "random dropout of merges", supported: "null: an encoding is not random")
    }
    var options = BytePairEncoding.Options()
    if let unknown = node["unk_token"] {
      options.unknownID = try self.unknown(try unknown.string(), vocabulary)
    }
    options.fusesUnknown = try node.flag("fuse_unk", default: false)
    options.fallsBackToBytes = try node.flag("byte_fallback", default: false)
    options.ignoresMerges = try node.flag("ignore_merges", default: false)
    options.prefix = Array(try node.string("continuing_subword_prefix", default: "").utf8)
    options.suffix = Array(try node.string("end_of_word_suffix", default: "").utf8)
    if options.fallsBackToBytes, !options.prefix.isEmpty || !options.suffix.isEmpty {
      throw .unsupported(
        path: "\(node.path).byte_fallback", found: "byte fallback with a subword prefix or suffix",
        supported: "one of them")
    }
    let merges = try merges(try node.required("merges", "an array of pairs"), vocabulary, options.prefix)
    return BytePairEncoding(vocabulary: vocabulary, merges: merges, options: options)
  }

  /// Every merge is "left right" or [left, right].
  private static func merges(
    _ node: TokenizerJSONNode, _ vocabulary: Vocabulary, _ prefix: [UInt8]
  ) throws(TokenizerError) -> MergeTable {
    guard let list = node.value.array else {
      throw .invalid(path: node.path, expected: "an array of pairs", found: node.value.kindDescription)
    }
    var pairs: [(left: [UInt8], right: [UInt8])] = []
    pairs.reserveCapacity(list.count)
    for (index, element) in list.enumerated() {
      if let text = element.string {
        if text.hasPrefix("#version") { continue }
        let parts = text.utf8.split(separator: 0x20, omittingEmptySubsequences: false)
        if parts.count == 2 {
          pairs.append((Array(parts[0]), Array(parts[1])))
          continue
        }
      } else if let parts = element.array, parts.count == 2, let left = parts[0].string,
        let right = parts[1].string
      {
        pairs.append((Array(left.utf8), Array(right.utf8)))
        continue
      }
      throw .invalid(
        path: "\(node.path)[\(index)]", expected: "two tokens with a space between",
        found: element.string.map { "\"\($0)\"" } ?? element.kindDescription)
    }
    return try MergeTable(pairs, vocabulary, prefix: prefix, path: node.path)
  }

  // MARK: Unigram

  private static func unigram(_ node: TokenizerJSONNode) throws(TokenizerError) -> Unigram {
    let list = try node.required("vocab", "an array of tokens with scores")
    guard let elements = list.value.array, !elements.isEmpty else {
      throw .invalid(
        path: list.path, expected: "an array of tokens with scores", found: list.value.kindDescription)
    }
    if elements.count > Vocabulary.maximumCount {
      throw .tooLarge(what: "the vocabulary's size", found: elements.count, limit: Vocabulary.maximumCount)
    }
    var tokens: [[UInt8]] = []
    var scores: [Double] = []
    tokens.reserveCapacity(elements.count)
    scores.reserveCapacity(elements.count)
    for (index, element) in elements.enumerated() {
      guard let pair = element.array, pair.count == 2, let token = pair[0].string, let score = pair[1].double,
        score.isFinite
      else {
        throw .invalid(
          path: "\(list.path)[\(index)]", expected: "[token, score]", found: element.kindDescription)
      }
      let bytes = Array(token.utf8)
      guard bytes.count <= Unigram.longestToken else {
        throw .tooLarge(
          what: "the length of \(list.path)[\(index)] in bytes", found: bytes.count,
          limit: Unigram.longestToken)
      }
      tokens.append(bytes)
      scores.append(score)
    }
    guard let unknown = node["unk_id"] else {
      throw .unsupported(
        path: node.path, found: "a Unigram model without unk_id", supported: "one that has an unknown token")
    }
    let unknownID = try unknown.integer(in: 0...(tokens.count - 1))
    return Unigram(
      vocabulary: try Vocabulary(tokens: tokens), scores: scores, unknownID: UInt32(unknownID),
      fallsBackToBytes: try node.flag("byte_fallback", default: false))
  }

  // MARK: Vocabulary

  /// Reads an object from token to id.
  static func vocabulary(_ node: TokenizerJSONNode) throws(TokenizerError) -> Vocabulary {
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
}

extension MergeTable {
  /// - Parameters:
  ///   - pairs: by rank.
  ///   - prefix: what the right token of a pair begins with, and the merged token lacks there.
  init(
    _ pairs: [(left: [UInt8], right: [UInt8])], _ vocabulary: Vocabulary, prefix: [UInt8], path: String
  ) throws(TokenizerError) {
    guard pairs.count <= Self.maximumCount else {
      throw .tooLarge(what: "the number of merges", found: pairs.count, limit: Self.maximumCount)
    }
    var merges: [Merge] = []
    merges.reserveCapacity(pairs.count)
    for (index, pair) in pairs.enumerated() {
      func id(_ token: [UInt8]) throws(TokenizerError) -> UInt32 {
        guard let id = vocabulary.id(of: token) else {
          throw .invalid(
            path: "\(path)[\(index)]", expected: "tokens of the vocabulary",
            found: "\"\(String(decoding: token, as: UTF8.self))\"")
        }
        return id
      }
      guard pair.right.count >= prefix.count else {
        throw .invalid(
          path: "\(path)[\(index)]",
          expected: "a right token that begins with \"\(String(decoding: prefix, as: UTF8.self))\"",
          found: "\"\(String(decoding: pair.right, as: UTF8.self))\"")
      }
      merges.append(
        Merge(
          left: try id(pair.left), right: try id(pair.right),
          result: try id(pair.left + pair.right.dropFirst(prefix.count))))
    }
    self.init(merges)
  }
}
