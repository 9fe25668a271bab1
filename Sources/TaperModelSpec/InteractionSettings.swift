import TaperJSON
import TaperPlanFormat
import TaperTokenization

/// What a folder says of queries and documents, of a model of token vectors: sentence-transformers' MultiVectorEncoder
/// and PyLate in config_sentence_transformers.json, sentence_bert_config.json and a MultiVectorMask module; Stanford's
/// ColBERT in artifact.metadata. Read as sentence-transformers 6 reads all three.
struct InteractionSettings {
  struct Expansion {
    var length: Int
    var isFixed: Bool
    var isAttended: Bool
    /// nil: the tokenizer's mask token.
    var token: String?
  }

  var expansion: Expansion?
  var queryLength: Int?
  var documentLength: Int?
  /// Words whose tokens' vectors are left out, and of which texts.
  var skipped: [String] = []
  var skipsInQueries = false
  var skipsInDocuments = true
  /// Markers that go before texts as one token where the tokenizer knows them.
  var markers: [String] = []
  /// Whether vectors are normalised although modules.json does not say so.
  var impliesNormalize = false
  var prompts: [(name: String, text: String)]
  /// What was read, for the model's digest.
  let files: [JSONFile]

  /// Python's string.punctuation.
  private static let punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~".map(String.init)

  /// - Parameters:
  ///   - mask: of the MultiVectorMask module; nil without one.
  init(_ settings: SentenceSettings?, sequence: JSONFile?, mask: JSONFile?) throws(ModelSpecError) {
    prompts = settings?.prompts ?? []
    files = [mask].compactMap(\.self)
    if let file = settings?.file { try read(file) }
    // The reference has both, so that neither another prompt nor the other's goes before them.
    for name in ["query", "document"] where !prompts.contains(where: { $0.name == name }) {
      prompts.append((name, ""))
    }
    // The modules' own settings come before those of the whole.
    if let sequence { try readLengths(sequence) }
    if let mask {
      skipped = mask.member("skiplist_words") == nil ? [] : try mask.strings("skiplist_words")
      if mask.member("skiplist_tasks") != nil {
        let tasks = try mask.strings("skiplist_tasks")
        (skipsInQueries, skipsInDocuments) = (tasks.contains("query"), tasks.contains("document"))
      }
      if let kept = mask.member("keep_only_token_ids") {
        throw mask.failure("keep_only_token_ids", expected: "nothing: it is not supported", kept)
      }
    }
  }

  private mutating func read(_ file: JSONFile) throws(ModelSpecError) {
    if let found = file.member("similarity_fn_name"), found.string?.lowercased().contains("mean") == true {
      throw file.failure("similarity_fn_name", expected: "\"MaxSim\": means of it are not supported", found)
    }
    if let name = file.member("default_prompt_name") {
      throw file.failure(
        "default_prompt_name", expected: "nothing: queries and documents have prompts of their own", name)
    }
    for (key, name) in [("query_prefix", "query"), ("document_prefix", "document")] {
      guard file.member(key) != nil else { continue }
      let prefix = try file.string(key)
      markers.append(prefix)
      let place = prompts.firstIndex { $0.name == name }
      let rest = place.map { prompts[$0].text } ?? ""
      let text = prefix + (rest.hasPrefix(prefix) ? String(rest.dropFirst(prefix.count)) : rest)
      if let place { prompts[place].text = text } else { prompts.append((name, text)) }
    }
    try readLengths(file)
    let isPyLate = file.member("model_type")?.string == "ColBERT"
    impliesNormalize = isPyLate
    if isPyLate {
      skipped = file.member("skiplist_words") == nil ? Self.punctuation : try file.strings("skiplist_words")
    }
    let marks = [
      "query_length", "document_length", "do_query_expansion", "attend_to_expansion_tokens",
      "attend_to_mask_tokens", "query_prefix", "document_prefix", "skiplist_words",
    ]
    guard file.value["query_expansion"] == nil, marks.contains(where: { file.value[$0] != nil }),
      file.member("do_query_expansion")?.bool != false
    else { return }
    let attend = file.member("attend_to_expansion_tokens") ?? file.member("attend_to_mask_tokens")
    expansion = Expansion(
      length: queryLength ?? 32, isFixed: true, isAttended: attend?.bool ?? false, token: nil)
    queryLength = nil
  }

  /// The members that both sentence_bert_config.json and config_sentence_transformers.json may have.
  private mutating func readLengths(_ file: JSONFile) throws(ModelSpecError) {
    if file.member("query_length") != nil { queryLength = try file.integer("query_length", in: 1...65535) }
    if file.member("document_length") != nil {
      documentLength = try file.integer("document_length", in: 1...65535)
    }
    guard let found = file.value["query_expansion"] else { return }
    guard let part = try JSONFile(ifPresent: "query_expansion", in: file) else {
      expansion = nil
      return
    }
    let strategy = try part.string("strategy")
    guard strategy == "fixed" || strategy == "min" else {
      throw part.failure("strategy", expected: "\"fixed\" or \"min\"", found)
    }
    expansion = Expansion(
      length: try part.integer("length", in: 1...65535), isFixed: strategy == "fixed",
      isAttended: part.member("attend") == nil ? false : try part.bool("attend"),
      token: part.member("token") == nil ? nil : try part.string("token"))
  }

  /// Of Stanford's ColBERT; defaults hold where there is no file.
  init(stanford file: JSONFile?) throws(ModelSpecError) {
    files = [file].compactMap(\.self)
    func marker(_ key: String, _ standard: String) throws(ModelSpecError) -> String {
      (file?.member(key) == nil ? standard : try file?.string(key) ?? standard) + " "
    }
    prompts = [
      ("query", try marker("query_token_id", "[unused0]")),
      ("document", try marker("doc_token_id", "[unused1]")),
    ]
    markers = prompts.map(\.text)
    if let file, file.member("doc_maxlen") != nil {
      documentLength = try file.integer("doc_maxlen", in: 1...65535)
    }
    let length =
      try file?.member("query_maxlen") == nil ? 32 : file?.integer("query_maxlen", in: 1...65535) ?? 32
    expansion = Expansion(
      length: length, isFixed: true, isAttended: file?.member("attend_to_mask_tokens")?.bool ?? false,
      token: nil)
    if file?.member("mask_punctuation")?.bool ?? true { skipped = Self.punctuation }
    impliesNormalize = true
  }

  /// Tokens that no other attends to attend to the text's: a model must not zero them, and the text's must be in reach.
  func check(_ config: EncoderConfig, _ file: JSONFile) throws(ModelSpecError) {
    guard let expansion, !expansion.isAttended else { return }
    if config.form.disentangled != nil {
      throw file.failure(
        "model_type", expected: "another family: queries are filled up with tokens that DeBERTa zeroes",
        file.value["model_type"])
    }
    if let window = config.form.layers.compactMap(\.window).min(), window < expansion.length {
      throw file.failure(
        "local_attention",
        expected:
          "windows of \(expansion.length) on each side, so that the tokens that fill queries up reach the text",
        .integer(Int64(2 * window)))
    }
  }

  /// The longest input that either needs; nil: as long as the model takes.
  var longest: Int? {
    let query = expansion.flatMap { $0.isFixed ? $0.length : nil } ?? queryLength
    guard let documentLength, let query else { return nil }
    return max(documentLength, query)
  }

  /// With ids instead of words.
  /// - Parameter mask: the tokenizer's mask token.
  func resolved(
    _ tokenizer: Tokenizer, mask: String?, path: String
  ) throws(ModelSpecError) -> LateInteraction {
    var resolved: LateInteraction.Expansion?
    if let expansion {
      let token = expansion.token ?? mask ?? ""
      guard let id = tokenizer.id(of: token) else {
        throw .tokenizer(
          path: path, reason: "queries are filled up with \"\(token)\", which is no token of it")
      }
      if !expansion.isFixed, let longest = queryLength, longest < expansion.length {
        throw .tokenizer(
          path: path, reason: "queries are filled up to \(expansion.length) tokens and cut to \(longest)")
      }
      resolved = LateInteraction.Expansion(
        token: id, length: expansion.length, isFixed: expansion.isFixed, isAttended: expansion.isAttended)
    }
    // A word that is no token is not skipped; what stands for unknown words only where it is named.
    let ids = Set(skipped.compactMap { tokenizer.id(of: $0) }).sorted()
    return LateInteraction(
      queryPrompt: "query",
      expansion: resolved, queryLength: queryLength ?? 0, documentLength: documentLength ?? 0,
      skippedIDs: ids, skipsInQueries: skipsInQueries, skipsInDocuments: skipsInDocuments)
  }
}
