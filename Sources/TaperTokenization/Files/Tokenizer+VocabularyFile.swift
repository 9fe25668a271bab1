public import TaperJSON

extension Tokenizer {
  /// The tokenizer of a model that has vocab.txt and tokenizer_config.json instead of tokenizer.json.
  ///
  /// - Parameters:
  ///   - vocabulary: the bytes of vocab.txt, one token per line. A token's id is its line number, from 0; of
  ///     equal lines the last one wins.
  ///   - lowercase: `do_lower_case`.
  ///   - stripsAccents: `strip_accents`; nil (null) follows `lowercase`.
  ///   - spacesChinese: `tokenize_chinese_chars`.
  ///   - specialTokens: the model's special tokens and template; nil: BERT's or MPNet's, as the vocabulary suggests.
  ///   - addedTokens: more tokens, as objects of tokenizer.json without their ids; those of the template may be
  ///     among them.
  public init(
    vocabulary: [UInt8], lowercase: Bool, stripsAccents: Bool? = nil, spacesChinese: Bool = true,
    specialTokens: SpecialTokens? = nil, addedTokens further: [(id: Int, token: JSONObject)] = []
  ) throws(TokenizerError) {
    guard UTF8Bytes.isWellFormed(vocabulary) else { throw .invalidVocabularyFile(reason: "it is not UTF-8") }
    var lines = vocabulary.split(separator: 0x0A, omittingEmptySubsequences: false).map { line in
      Array(line.last == 0x0D ? line.dropLast() : line)
    }
    if lines.last == [] { lines.removeLast() }
    guard !lines.isEmpty else { throw .invalidVocabularyFile(reason: "it is empty") }
    let vocabulary = try Vocabulary(tokens: lines)
    let special = specialTokens ?? SpecialTokens.detect { vocabulary.id(of: Array($0.utf8)) != nil }

    func id(_ role: String, _ token: String) throws(TokenizerError) -> UInt32 {
      guard let id = vocabulary.id(of: Array(token.utf8)) else {
        throw .tokenNotInVocabulary(role: role, token: token)
      }
      return id
    }
    let unknownID = try id("unknown", special.unknown)
    let classification = try id("classification", special.classification)
    let separator = try id("separator", special.separator)
    var addedTokens: [AddedToken] = []
    for (token, isMask) in [
      (special.padding, false), (special.unknown, false), (special.classification, false),
      (special.separator, false), (special.mask, true),
    ] {
      // Padding and mask are not used here, so a vocabulary may lack them.
      guard let token, let id = vocabulary.id(of: Array(token.utf8)) else { continue }
      if addedTokens.contains(where: { $0.id == id }) { continue }
      addedTokens.append(
        AddedToken(
          id: id, content: Array(token.utf8), isSpecial: true, isNormalized: false,
          stripsLeft: isMask && special.layout == .roberta, stripsRight: false))
    }
    if special.layout == .roberta, special.unknown != "<unk>", let id = vocabulary.id(of: Array("<unk>".utf8))
    {
      // MPNet's own unknown token, which its words never become.
      addedTokens.append(
        AddedToken(
          id: id, content: Array("<unk>".utf8), isSpecial: true, isNormalized: true, stripsLeft: false,
          stripsRight: false))
    }
    for (id, token) in further {
      var token = token
      token["id"] = JSONValue(id)
      let node = TokenizerJSONNode(path: "added_tokens", value: [.object(token)])
      for read in try AddedTokenReader.read(node, vocabulary) {
        if let place = addedTokens.firstIndex(where: { $0.content == read.content }) {
          addedTokens[place] = read
        } else {
          addedTokens.append(read)
        }
      }
    }
    try self.init(
      pipeline: Pipeline(
        normalizations: [
          .bert(
            BertNormalizerOptions(
              lowercases: lowercase, stripsAccents: stripsAccents, spacesChinese: spacesChinese))
        ], splittings: [.bert]),
      model: .wordPiece(
        WordPiece(vocabulary: vocabulary, unknownID: unknownID, prefix: Array("##".utf8), maximumScalars: 100)
      ),
      addedTokens: addedTokens,
      template: special.layout == .bert
        ? .bert(classification: classification, separator: separator)
        : .roberta(classification: classification, separator: separator),
      trimmings: special.layout == .bert ? [] : [OffsetTrimming(addsPrefixSpace: false)])
  }
}
