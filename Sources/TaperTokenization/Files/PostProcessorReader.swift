import TaperJSON

/// Reads the post-processor of tokenizer.json.
enum PostProcessorReader {
  static let supported =
    "BertProcessing, ByteLevel, RobertaProcessing, Sequence with one template, TemplateProcessing"

  static func read(
    _ node: TokenizerJSONNode?, _ tokens: TokenIDs
  ) throws(TokenizerError) -> (template: Template, trimmings: [OffsetTrimming]) {
    var template: Template?
    var trimmings: [OffsetTrimming] = []
    if let node { try read(node, tokens, &template, &trimmings) }
    return (template ?? .none, trimmings)
  }

  /// Trimming concerns the texts' tokens alone, so it does not matter whether it comes before the template or after.
  private static func read(
    _ node: TokenizerJSONNode, _ tokens: TokenIDs, _ template: inout Template?,
    _ trimmings: inout [OffsetTrimming]
  ) throws(TokenizerError) {
    let type = try node.required("type", "the kind of post-processor").string()
    func set(_ found: Template) throws(TokenizerError) {
      guard template == nil else {
        throw .unsupported(path: node.path, found: "a second template", supported: supported)
      }
      template = found
    }
    switch type {
    case "TemplateProcessing":
      let special = try specialTokens(try node.required("special_tokens", "an object"), tokens)
      let single = try pieces(try node.required("single", "an array of pieces"), special)
      let pair = try pieces(try node.required("pair", "an array of pieces"), special)
      try set(Template(single: single, pair: pair))
    case "BertProcessing":
      let (classification, separator) = try ends(node, tokens)
      try set(.bert(classification: classification, separator: separator))
    case "RobertaProcessing":
      let (classification, separator) = try ends(node, tokens)
      try trim(node, &trimmings)
      try set(.roberta(classification: classification, separator: separator))
    case "ByteLevel": try trim(node, &trimmings)
    case "Sequence":
      for part in try node.required("processors", "an array of post-processors").elements() {
        try read(part, tokens, &template, &trimmings)
      }
    default: throw .unsupported(path: node.path, found: "\"\(type)\"", supported: supported)
    }
  }

  private static func trim(
    _ node: TokenizerJSONNode, _ trimmings: inout [OffsetTrimming]
  ) throws(TokenizerError) {
    let prefix = try node.flag("add_prefix_space", default: true)
    guard try node.flag("trim_offsets", default: true) else { return }
    guard trimmings.count < 8 else {
      throw .unsupported(path: node.path, found: "offsets that are trimmed often", supported: supported)
    }
    trimmings.append(OffsetTrimming(addsPrefixSpace: prefix))
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
