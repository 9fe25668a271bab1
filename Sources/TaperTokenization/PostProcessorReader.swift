import TaperJSON

/// Reads the post-processor of tokenizer.json: TemplateProcessing, BertProcessing or RobertaProcessing.
enum PostProcessorReader {
  static func read(
    _ node: TokenizerJSONNode?, _ tokens: TokenIDs
  ) throws(TokenizerError) -> (template: Template, trimming: OffsetTrimming?) {
    guard let node else { return (.none, nil) }
    let type = try node.required("type", "the kind of post-processor").string()
    switch type {
    case "TemplateProcessing":
      let special = try specialTokens(try node.required("special_tokens", "an object"), tokens)
      let single = try pieces(try node.required("single", "an array of pieces"), special)
      let pair = try pieces(try node.required("pair", "an array of pieces"), special)
      return (Template(single: single, pair: pair), nil)
    case "BertProcessing":
      let (classification, separator) = try ends(node, tokens)
      return (.bert(classification: classification, separator: separator), nil)
    case "RobertaProcessing":
      let (classification, separator) = try ends(node, tokens)
      let prefix = try node.flag("add_prefix_space", default: true)
      let trims = try node.flag("trim_offsets", default: true)
      return (
        .roberta(classification: classification, separator: separator),
        trims ? OffsetTrimming(addsPrefixSpace: prefix) : nil
      )
    default:
      throw .unsupported(
        path: node.path, found: "\"\(type)\"",
        supported: "TemplateProcessing, BertProcessing, RobertaProcessing")
    }
  }

  private static func id(_ node: TokenizerJSONNode, _ tokens: TokenIDs) throws(TokenizerError) -> UInt32 {
    let id = try node.integer(in: 0...(Vocabulary.maximumCount - 1))
    guard tokens.contains(id) else {
      throw .invalid(path: node.path, expected: "the id of a token", found: "\(id), which no token has")
    }
    return UInt32(id)
  }

  /// "cls" and "sep", each a pair of token and id.
  private static func ends(
    _ node: TokenizerJSONNode, _ tokens: TokenIDs
  ) throws(TokenizerError) -> (classification: UInt32, separator: UInt32) {
    func end(_ key: String) throws(TokenizerError) -> UInt32 {
      let pair = try node.required(key, "[token, id]")
      let elements = try pair.elements()
      guard elements.count == 2 else {
        throw .invalid(path: pair.path, expected: "[token, id]", found: "an array of \(elements.count)")
      }
      return try id(elements[1], tokens)
    }
    return (try end("cls"), try end("sep"))
  }

  private static func specialTokens(
    _ node: TokenizerJSONNode, _ tokens: TokenIDs
  ) throws(TokenizerError) -> [String: [UInt32]] {
    var result: [String: [UInt32]] = [:]
    for (name, value) in try node.members() {
      let entry = TokenizerJSONNode(path: "\(node.path)[\"\(name)\"]", value: value)
      var ids: [UInt32] = []
      for element in try entry.required("ids", "an array of ids").elements() {
        ids.append(try id(element, tokens))
      }
      result[name] = ids
    }
    return result
  }

  private static func pieces(
    _ node: TokenizerJSONNode, _ special: [String: [UInt32]]
  ) throws(TokenizerError) -> [Template.Piece] {
    var pieces: [Template.Piece] = []
    var texts: Set<String> = []
    for element in try node.elements() {
      if let token = element["SpecialToken"] {
        let name = try token.required("id", "a name of special_tokens").string()
        let typeID = UInt32(try token.integer("type_id", default: 0, in: 0...1))
        guard let ids = special[name] else {
          throw .invalid(path: "\(token.path).id", expected: "a name of special_tokens", found: "\"\(name)\"")
        }
        pieces += ids.map { .special(id: $0, typeID: typeID) }
      } else if let sequence = element["Sequence"] {
        let name = try sequence.required("id", "\"A\" or \"B\"").string()
        let typeID = UInt32(try sequence.integer("type_id", default: 0, in: 0...1))
        guard name == "A" || name == "B", texts.insert(name).inserted else {
          throw .invalid(
            path: "\(sequence.path).id", expected: "\"A\" and \"B\", each at most once", found: "\"\(name)\"")
        }
        pieces.append(name == "A" ? .first(typeID: typeID) : .second(typeID: typeID))
      } else {
        throw .invalid(
          path: element.path, expected: "a SpecialToken or a Sequence", found: element.value.kindDescription)
      }
    }
    return pieces
  }
}

/// The ids that tokens have: the vocabulary's and the added tokens'.
struct TokenIDs {
  var vocabulary: Vocabulary
  var addedTokens: [AddedToken]

  /// Whether a token has this id.
  func contains(_ id: Int) -> Bool {
    guard let id = UInt32(exactly: id) else { return false }
    return !vocabulary.bytes(of: id).isEmpty || addedTokens.contains { $0.id == id }
  }
}
