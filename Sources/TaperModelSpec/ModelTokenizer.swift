import TaperBase
import TaperJSON
package import TaperTokenization

/// A checkpoint's tokenizer: tokenizer.json; or vocab.txt; or vocab.json and merges.txt; each with the settings of
/// tokenizer_config.json, as transformers (version 5) and sentence-transformers apply them.
package enum ModelTokenizer {
  static let files = ["tokenizer.json", "vocab.txt", "vocab.json", "merges.txt"]
  /// Files of SentencePiece and others, which are not read.
  private static let otherFiles = ["spiece.model", "sentencepiece.bpe.model", "spm.model", "tokenizer.model"]
  /// Far above the largest vocabulary's size: 256,000 tokens with merges take 35 MB.
  private static let sizeLimit = 256 << 20

  /// - Parameter vocabulary: rows of the word embeddings; every id the tokenizer can give must be one of them.
  /// - Throws: `fileMissing`, `json`, `tokenizer`, `value`.
  package static func load(directory: String, vocabulary: Int) throws(ModelSpecError) -> Tokenizer {
    let settings = try TokenizerSettings(directory: directory)
    var (path, tokenizer) = try read(directory: directory, settings, rows: vocabulary)
    if try settings.truncatesLeft() { tokenizer.truncationSide = .left }
    if let sentence = try SequenceConfig.file(in: directory),
      sentence.member("do_lower_case") != nil, try sentence.bool("do_lower_case")
    {
      tokenizer = try wrapping(sentence.path) { () throws(TokenizerError) in try tokenizer.lowercasing() }
    }
    if try settings.flag("split_special_tokens", default: false) {
      throw .value(
        path: directory + "/tokenizer_config.json", key: "split_special_tokens",
        expected: "false: special tokens in a text are single ids in every plan", found: "true")
    }
    if try !settings.givesTypes() {
      tokenizer = try wrapping(path) { () throws(TokenizerError) in try tokenizer.withoutTypes() }
    }
    return tokenizer
  }

  private static func read(
    directory: String, _ settings: TokenizerSettings, rows: Int
  ) throws(ModelSpecError) -> (path: String, Tokenizer) {
    let json = "\(directory)/tokenizer.json"
    if FilePath.exists(json) {
      return (json, try build(try parse(json), TokenizerBuilding(path: json, settings: settings, rows: rows)))
    }
    let lines = "\(directory)/vocab.txt"
    if FilePath.exists(lines) {
      return (
        lines, try fromVocabulary(lines, TokenizerBuilding(path: lines, settings: settings, rows: rows))
      )
    }
    let pairs = "\(directory)/vocab.json"
    if FilePath.exists(pairs) {
      let building = TokenizerBuilding(path: pairs, settings: settings, rows: rows)
      return (pairs, try fromPairs(pairs, "\(directory)/merges.txt", building))
    }
    for name in otherFiles where FilePath.exists("\(directory)/\(name)") {
      throw .tokenizer(
        path: "\(directory)/\(name)",
        reason:
          "SentencePiece files are not read; write tokenizer.json beside it: python3 -c \"from transformers "
          + "import AutoTokenizer; AutoTokenizer.from_pretrained('.').save_pretrained('.')\" in the model's folder"
      )
    }
    throw .fileMissing(
      directory: directory, anyOf: ["tokenizer.json", "vocab.txt", "vocab.json with merges.txt"])
  }

  static func wrapping<Value>(
    _ path: String, _ body: () throws(TokenizerError) -> Value
  ) throws(ModelSpecError) -> Value {
    do throws(TokenizerError) { return try body() } catch {
      throw .tokenizer(path: path, reason: error.description)
    }
  }

  private static func bytes(_ path: String) throws(ModelSpecError) -> [UInt8] {
    try ModelSpecError.wrapping(try WholeFile.read(path, limit: sizeLimit, regularOnly: true))
  }

  private static func parse(_ path: String) throws(ModelSpecError) -> JSONValue {
    try JSONFile(path: path, bytes: bytes(path)).value
  }

  private static func build(
    _ json: JSONValue, _ building: TokenizerBuilding
  ) throws(ModelSpecError) -> Tokenizer {
    let json = try building.build(json)
    return try wrapping(building.path) { () throws(TokenizerError) in try Tokenizer(tokenizerJSON: json) }
  }

  // MARK: vocab.json and merges.txt

  private static func fromPairs(
    _ path: String, _ mergesPath: String, _ building: TokenizerBuilding
  ) throws(ModelSpecError) -> Tokenizer {
    guard FilePath.exists(mergesPath) else {
      throw .tokenizer(
        path: path, reason: "merges.txt is not beside it; add it, or the model's tokenizer.json")
    }
    guard building.settings.builder == .roberta || building.settings.builder == .deberta else {
      throw .tokenizer(
        path: path,
        reason: "vocab.json and merges.txt are read for RobertaTokenizer and DebertaTokenizer only; write "
          + "tokenizer.json with transformers: AutoTokenizer.from_pretrained('.').save_pretrained('.')")
    }
    let text = try bytes(mergesPath)
    guard let merges = String(validating: text, as: UTF8.self) else {
      throw .tokenizer(path: mergesPath, reason: "it is not UTF-8; restore the original file")
    }
    // As the reference: lines end at line feeds, and a carriage return before one belongs to the end.
    var lines = merges.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map { line in
      String(decoding: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self)
    }
    if lines.last == "" { lines.removeLast() }
    let model = JSONObject([
      ("type", "BPE"), ("vocab", try parse(path)),
      ("merges", .array(lines.filter { !$0.hasPrefix("#version") }.map { .string($0) })),
    ])
    return try build(["model": .object(model)], building)
  }

  // MARK: vocab.txt

  /// Defaults are the reference's. A vocabulary does not tell which of its tokens frame a text, so the tokenizer's
  /// choice is checked against the configuration.
  private static func fromVocabulary(
    _ path: String, _ building: TokenizerBuilding
  ) throws(ModelSpecError) -> Tokenizer {
    let settings = building.settings
    let bytes = try bytes(path)
    let lowercase = try settings.flag("do_lower_case", default: true)
    let stripsAccents = try settings.flag("strip_accents")
    let spacesChinese = try settings.flag("tokenize_chinese_chars", default: true)
    let listed = try settings.listedTokens()
    let added = if let listed { listed } else { try building.oldTokens() }
    let tokenizer = try wrapping(path) { () throws(TokenizerError) -> Tokenizer in
      try Tokenizer(
        vocabulary: bytes, lowercase: lowercase, stripsAccents: stripsAccents, spacesChinese: spacesChinese,
        addedTokens: added)
    }
    let frame = tokenizer.encode("", maximumLength: 8).ids
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (key, id) in [("cls_token", frame.first), ("sep_token", frame.last)] {
      guard let token = settings.content(key) else { continue }
      guard let id, lines.indices.contains(Int(id)), lines[Int(id)].elementsEqual(token.utf8) else {
        throw .tokenizer(
          path: path,
          reason: "a text is not framed by the \(key) \"\(token)\"; add the model's tokenizer.json")
      }
    }
    return tokenizer
  }
}
