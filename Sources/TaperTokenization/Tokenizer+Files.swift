public import TaperJSON

extension Tokenizer {
  /// Reads a Hugging Face tokenizer.json. The truncation and padding stored in it are ignored: lengths are the caller's.
  public init(tokenizerJSON json: JSONValue) throws(TokenizerError) {
    let model = JSONField(json["model"], "model")
    try model.require("type", equals: "WordPiece")
    let vocabulary = try Self.vocabulary(model["vocab"])
    let added = try Self.addedTokens(JSONField(json["added_tokens"], "added_tokens"))
    let unknown = try model["unk_token"].string()
    guard let unknownID = vocabulary.id(of: unknown) else { throw .missingToken(unknown) }
    self.init(
      normalizer: try Self.normalizer(JSONField(json["normalizer"], "normalizer")),
      model: WordPiece(
        vocabulary: vocabulary,
        continuationPrefix: Array(try model["continuing_subword_prefix"].string("##").utf8),
        unknown: unknownID, maximumScalars: try model["max_input_chars_per_word"].int(100, in: 1...10_000)),
      template: try Self.template(JSONField(json["post_processor"], "post_processor"), vocabulary),
      addedTokens: added,
      trimsOffsets: try Self.trimsOffsets(JSONField(json["post_processor"], "post_processor")))
    try JSONField(json["pre_tokenizer"], "pre_tokenizer").require("type", equals: "BertPreTokenizer")
  }

  /// From a vocab.txt (a token a line, the line's number its id) and what tokenizer_config.json says.
  ///
  /// - Parameter stripsAccents: nil follows `lowercase`, as in the reference.
  public init(
    vocabulary text: [UInt8], lowercase: Bool, stripsAccents: Bool? = nil, spacesChinese: Bool = true
  ) throws(TokenizerError) {
    var builder = VocabularyBuilder()
    var lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    for (id, line) in lines.enumerated() {
      try builder.add(Array(line.last == UInt8(ascii: "\r") ? line.dropLast() : line), id: id)
    }
    let vocabulary = try builder.build()
    func id(_ token: String) throws(TokenizerError) -> UInt32 {
      guard let id = vocabulary.id(of: token) else { throw .missingToken(token) }
      return id
    }
    // MPNet's vocabulary is BERT's with its own frame added, so <s> tells them apart.
    let isBERT = vocabulary.id(of: "<s>") == nil
    let names =
      isBERT ? ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] : ["<s>", "<pad>", "</s>", "[UNK]", "<mask>"]
    var added: [AddedToken] = []
    for name in names {
      guard let id = vocabulary.id(of: name) else { continue }
      added.append(
        AddedToken(
          id: id, content: name.unicodeScalars.map(\.value), isNormalized: false,
          stripsLeft: name == "<mask>",
          stripsRight: false, isSingleWord: false, isSpecial: true))
    }
    let template =
      isBERT
      ? Template.bert(cls: try id("[CLS]"), sep: try id("[SEP]"))
      : Template.roberta(cls: try id("<s>"), sep: try id("</s>"))
    self.init(
      normalizer: Normalizer(
        spacesChinese: spacesChinese, stripsAccents: stripsAccents ?? lowercase, lowercases: lowercase),
      model: WordPiece(
        vocabulary: vocabulary, continuationPrefix: Array("##".utf8), unknown: try id("[UNK]"),
        maximumScalars: 100),
      template: template, addedTokens: added, trimsOffsets: !isBERT)
  }

  private static func vocabulary(_ field: JSONField) throws(TokenizerError) -> Vocabulary {
    guard let object = field.value?.object else { throw field.unexpected("an object of tokens and ids") }
    var builder = VocabularyBuilder()
    for (token, id) in object.members {
      guard let id = id.int else {
        throw .field(path: "\(field.path).\(token)", expected: "an id", found: id.kindDescription)
      }
      try builder.add(Array(token.utf8), id: id)
    }
    return try builder.build()
  }

  private static func normalizer(_ field: JSONField) throws(TokenizerError) -> Normalizer {
    try field.require("type", equals: "BertNormalizer")
    let lowercase = try field["lowercase"].bool(true)
    return Normalizer(
      cleansText: try field["clean_text"].bool(true),
      spacesChinese: try field["handle_chinese_chars"].bool(true),
      stripsAccents: try field["strip_accents"].bool(lowercase), lowercases: lowercase)
  }

  private static func addedTokens(_ field: JSONField) throws(TokenizerError) -> [AddedToken] {
    guard field.isPresent else { return [] }
    var tokens: [AddedToken] = []
    for item in try field.elements(atMost: 10_000) {
      let content = try item["content"].string().unicodeScalars.map(\.value)
      guard !content.isEmpty, content.count <= VocabularyBuilder.maximumTokenBytes else {
        throw item["content"].unexpected("a token of 1 to \(VocabularyBuilder.maximumTokenBytes) characters")
      }
      tokens.append(
        AddedToken(
          id: UInt32(try item["id"].int(nil, in: 0...VocabularyBuilder.maximumCount - 1)), content: content,
          isNormalized: try item["normalized"].bool(false), stripsLeft: try item["lstrip"].bool(false),
          stripsRight: try item["rstrip"].bool(false), isSingleWord: try item["single_word"].bool(false),
          isSpecial: try item["special"].bool(false)))
    }
    return tokens
  }

  private static func trimsOffsets(_ field: JSONField) throws(TokenizerError) -> Bool {
    guard try field["type"].string() == "RobertaProcessing" else { return false }
    return try field["trim_offsets"].bool(true)
  }

  private static func template(_ field: JSONField, _ vocabulary: Vocabulary) throws(TokenizerError)
    -> Template
  {
    func special(_ name: String) throws(TokenizerError) -> UInt32 {
      UInt32(try field[name][1].int(nil, in: 0...VocabularyBuilder.maximumCount - 1))
    }
    switch try field["type"].string() {
    case "BertProcessing": return .bert(cls: try special("cls"), sep: try special("sep"))
    case "RobertaProcessing": return .roberta(cls: try special("cls"), sep: try special("sep"))
    case "TemplateProcessing":
      return Template(
        single: try pieces(field["single"], field["special_tokens"], texts: 1),
        pair: try pieces(field["pair"], field["special_tokens"], texts: 2))
    default: throw field["type"].unexpected("BertProcessing, RobertaProcessing or TemplateProcessing")
    }
  }

  private static func pieces(
    _ field: JSONField, _ specials: JSONField, texts: Int
  ) throws(TokenizerError) -> [Template.Piece] {
    var pieces: [Template.Piece] = []
    for item in try field.elements(atMost: 16) {
      if item["SpecialToken"].isPresent {
        let token = item["SpecialToken"]
        let type = UInt32(try token["type_id"].int(0, in: 0...255))
        for id in try specials[try token["id"].string()]["ids"].elements(atMost: 16) {
          pieces.append(
            .special(id: UInt32(try id.int(nil, in: 0...VocabularyBuilder.maximumCount - 1)), type: type))
        }
      } else {
        let text = item["Sequence"]
        let index = try text["id"].string() == "A" ? 0 : 1
        pieces.append(.text(index, type: UInt32(try text["type_id"].int(0, in: 0...255))))
      }
    }
    let found = pieces.compactMap { if case .text(let index, _) = $0 { index } else { nil } }
    guard found == Array(0..<texts) else {
      throw field.unexpected("each of the \(texts) texts once, in order")
    }
    return pieces
  }
}
