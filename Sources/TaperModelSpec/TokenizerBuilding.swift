import TaperBase
import TaperJSON

/// Turns the contents of tokenizer.json into the tokenizer that transformers (version 5) makes of a model directory.
struct TokenizerBuilding {
  /// For errors.
  let path: String
  let settings: TokenizerSettings
  /// Rows of the word embeddings.
  let rows: Int

  func build(_ json: JSONValue) throws(ModelSpecError) -> JSONValue {
    guard var root = json.object else { return json }  // refused where it is read
    root["added_tokens"] = .array(try addedTokens(root).map { .object($0) })
    if let builder = settings.builder { try rebuild(&root, builder) }
    return .object(root)
  }

  // MARK: Added tokens

  private func addedTokens(_ root: JSONObject) throws(ModelSpecError) -> [JSONObject] {
    let inFile = (root["added_tokens"]?.array ?? []).compactMap(\.object)
    var tokens = settings.builder == nil ? inFile : []
    var next = Vocabulary(root)
    for token in tokens {
      // The reference gives ids itself, whatever the file says.
      if let content = token["content"]?.string, let id = token["id"]?.int {
        try check(content, id: id, given: next.id(of: content) ?? next.free)
      }
      next.take(token)
    }
    func add(_ token: JSONObject, id: Int?) throws(ModelSpecError) {
      guard let content = token["content"]?.string else { return }
      var token = token
      if let place = tokens.firstIndex(where: { $0["content"]?.string.map { same($0, content) } ?? false }) {
        token["id"] = tokens[place]["id"]
        tokens[place] = token
        return
      }
      let given = next.id(of: content) ?? next.free
      // Tokens beyond the embeddings that no file lists can be in no text of this model.
      if id == nil, given >= rows { return }
      if let id { try check(content, id: id, given: given) }
      token["id"] = JSONValue(given)
      tokens.append(token)
      next.take(token)
    }
    if let listed = try settings.listedTokens() {
      for (id, token) in listed { try add(token, id: id) }
    } else {
      var older: [(id: Int, token: JSONObject)] = try oldTokens()
      for token in inFile {
        guard let id = token["id"]?.int else { continue }
        older.removeAll { $0.id == id }
        older.append((id, token))
      }
      for (id, token) in older.sorted(by: { $0.id < $1.id }) { try add(token, id: id) }
    }
    let named = TokenizerSettings.tokenNames.compactMap { settings.token($0) } + settings.furtherTokens
    for value in named {
      guard let token = special(value), let content = token["content"]?.string,
        !tokens.contains(where: { $0["content"]?.string.map { same($0, content) } ?? false })
      else { continue }
      try add(token, id: nil)
    }
    return tokens
  }

  private func check(_ content: String, id: Int, given: Int) throws(ModelSpecError) {
    guard id != given else { return }
    throw .tokenizer(
      path: path,
      reason: "added token \"\(content)\" has id \(id), and transformers would give it \(given); "
        + "save the tokenizer again with transformers")
  }

  /// Whether two tokens are the same by their scalars.
  private func same(_ first: String, _ second: String) -> Bool { first.utf8.elementsEqual(second.utf8) }

  /// The tokens of added_tokens.json.
  func oldTokens() throws(ModelSpecError) -> [(id: Int, token: JSONObject)] {
    guard let file = settings.addedTokens else { return [] }
    guard let members = file.value.object?.members else {
      throw file.failure("the file", expected: "an object from token to id", file.value)
    }
    let special = (TokenizerSettings.tokenNames.compactMap { settings.content($0) })
    var tokens: [(id: Int, token: JSONObject)] = []
    for (content, value) in members {
      guard let id = value.int, id >= 0 else {
        throw file.failure(content, expected: "an id (a whole number from 0)", value)
      }
      let isSpecial = special.contains { same($0, content) }
      tokens.append((id, Self.token(content, isSpecial: isSpecial, isNormalized: !isSpecial)))
    }
    return tokens.sorted { $0.id < $1.id }
  }

  private static func token(_ content: String, isSpecial: Bool, isNormalized: Bool) -> JSONObject {
    JSONObject([
      ("content", .string(content)), ("special", .bool(isSpecial)), ("normalized", .bool(isNormalized)),
    ])
  }

  /// A special token that a file gives as a string or an object.
  private func special(_ value: JSONValue) -> JSONObject? {
    if let content = value.string { return Self.token(content, isSpecial: true, isNormalized: false) }
    guard var token = value.object, token["content"]?.string != nil else { return nil }
    token["special"] = true
    return token
  }

  // MARK: Building

  private func rebuild(
    _ root: inout JSONObject, _ builder: TokenizerSettings.Builder
  ) throws(ModelSpecError) {
    guard var model = root["model"]?.object else { return }
    let classification = settings.content("cls_token") ?? ""
    let separator = settings.content("sep_token") ?? ""
    let beginning = settings.content("bos_token") ?? ""
    let end = settings.content("eos_token") ?? ""
    switch builder {
    case .bert, .mpnet:
      try require("WordPiece", model)
      model["type"] = "WordPiece"
      model["unk_token"] = .string(settings.content("unk_token") ?? "[UNK]")
      model["continuing_subword_prefix"] = "##"
      model["max_input_chars_per_word"] = 100
      root["normalizer"] = try bertNormalizer()
      root["pre_tokenizer"] = ["type": "BertPreTokenizer"]
      root["post_processor"] =
        builder == .bert
        ? try template(root, classification, separator, pairType: 1)
        : try roberta(root, separator, classification, trims: true, prefix: false)
    case .roberta, .deberta:
      try require("BPE", model)
      let prefix = try settings.flag("add_prefix_space", default: false)
      for key in ["unk_token", "continuing_subword_prefix", "end_of_word_suffix", "dropout"] {
        model[key] = .null
      }
      for key in ["fuse_unk", "byte_fallback", "ignore_merges"] { model[key] = false }
      root["normalizer"] = .null
      root["pre_tokenizer"] = ["type": "ByteLevel", "add_prefix_space": .bool(prefix), "use_regex": true]
      if builder == .roberta {
        let trims = try settings.flag("trim_offsets", default: true)
        root["post_processor"] = try roberta(root, separator, classification, trims: trims, prefix: prefix)
      } else {
        root["post_processor"] = try template(root, classification, separator, pairType: nil)
      }
    case .xlmRoberta, .camembert:
      try require("Unigram", model)
      model["unk_id"] =
        builder == .xlmRoberta
        ? 3 : JSONValue(Vocabulary(root).place(of: settings.content("unk_token") ?? "<unk>") ?? 0)
      model["byte_fallback"] = false
      root["normalizer"] = characterMap(root["normalizer"]) ?? .null
      root["pre_tokenizer"] = try metaspace(after: [["type": "WhitespaceSplit"]], otherwise: "never")
      root["post_processor"] = try template(root, beginning, end, pairType: nil)
    case .albert:
      try require("Unigram", model)
      model["unk_id"] = 1
      model["byte_fallback"] = false
      root["normalizer"] = try albertNormalizer(characterMap(root["normalizer"]))
      root["pre_tokenizer"] = try metaspace(after: [["type": "WhitespaceSplit"]], otherwise: "never")
    case .debertaV2:
      try require("Unigram", model)
      model["unk_id"] = JSONValue(unknownOfDebertaV2(root))
      model["byte_fallback"] = false
      var steps: [JSONValue] =
        try settings.flag("do_lower_case", default: false) ? [["type": "Lowercase"]] : []
      steps += [
        ["type": "Replace", "pattern": ["Regex": "\\s{2,}|[\\n\\r\\t]"], "content": " "], ["type": "NFC"],
        ["type": "Strip", "strip_left": false, "strip_right": true],
      ]
      root["normalizer"] = ["type": "Sequence", "normalizers": .array(steps)]
      let splits = try settings.flag("split_by_punct", default: false)
      root["pre_tokenizer"] = try metaspace(
        after: splits ? [["type": "Punctuation", "behavior": "Isolated"]] : [], otherwise: "first")
      root["post_processor"] = try template(root, classification, separator, pairType: 1)
    }
    root["model"] = .object(model)
  }

  private func require(_ type: String, _ model: JSONObject) throws(ModelSpecError) {
    guard let found = model["type"]?.string, found != type else { return }
    throw .tokenizer(
      path: path,
      reason: "the model is \(found), and the tokenizer class in tokenizer_config.json has \(type); "
        + "save the tokenizer again with transformers")
  }

  private func bertNormalizer() throws(ModelSpecError) -> JSONValue {
    [
      "type": "BertNormalizer", "clean_text": true,
      "handle_chinese_chars": .bool(try settings.flag("tokenize_chinese_chars", default: true)),
      "strip_accents": try settings.flag("strip_accents").map { .bool($0) } ?? .null,
      "lowercase": .bool(try settings.flag("do_lower_case", default: true)),
    ]
  }

  private func albertNormalizer(_ map: JSONValue?) throws(ModelSpecError) -> JSONValue {
    var steps: [JSONValue] = ["``", "''"].map {
      ["type": "Replace", "pattern": ["String": .string($0)], "content": "\""]
    }
    if try !settings.flag("keep_accents", default: false) {
      steps += [["type": "NFKD"], ["type": "StripAccents"]]
    }
    if try settings.flag("do_lower_case", default: true) { steps.append(["type": "Lowercase"]) }
    if let map { steps.append(map) }
    return ["type": "Sequence", "normalizers": .array(steps)]
  }

  /// The first Precompiled step of a normalizer.
  private func characterMap(_ normalizer: JSONValue?) -> JSONValue? {
    let steps =
      normalizer?["type"]?.string == "Sequence"
      ? normalizer?["normalizers"]?.array ?? [] : normalizer.map { [$0] } ?? []
    return steps.first { $0["type"]?.string == "Precompiled" }
  }

  /// - Parameter otherwise: the scheme without add_prefix_space.
  private func metaspace(after steps: [JSONValue], otherwise scheme: String) throws(ModelSpecError)
    -> JSONValue
  {
    let prefix = try settings.flag("add_prefix_space", default: true)
    let metaspace: JSONValue = [
      "type": "Metaspace", "replacement": "▁", "prepend_scheme": .string(prefix ? "always" : scheme),
      "split": true,
    ]
    return ["type": "Sequence", "pretokenizers": .array(steps + [metaspace])]
  }

  private func unknownOfDebertaV2(_ root: JSONObject) -> Int {
    let unknown = settings.content("unk_token") ?? "[UNK]"
    if let place = Vocabulary(root).place(of: unknown),
      root["model"]?["vocab"]?[place]?[1]?.double == 0
    {
      return place
    }
    return 1
  }

  // MARK: Post-processors

  private func id(_ token: String, _ root: JSONObject) throws(ModelSpecError) -> JSONValue {
    let added = (root["added_tokens"]?.array ?? []).first {
      $0["content"]?.string.map { same($0, token) } ?? false
    }
    guard let id = added?["id"]?.int ?? Vocabulary(root).id(of: token) else {
      throw .tokenizer(
        path: path, reason: "the special token \"\(token)\" of tokenizer_config.json is not in the vocabulary"
      )
    }
    return JSONValue(id)
  }

  private func roberta(
    _ root: JSONObject, _ separator: String, _ classification: String, trims: Bool, prefix: Bool
  ) throws(ModelSpecError) -> JSONValue {
    [
      "type": "RobertaProcessing", "sep": [.string(separator), try id(separator, root)],
      "cls": [.string(classification), try id(classification, root)], "trim_offsets": .bool(trims),
      "add_prefix_space": .bool(prefix),
    ]
  }

  /// - Parameter pairType: the type of a second text, with one separator before it; nil: none, and two separators.
  private func template(
    _ root: JSONObject, _ classification: String, _ separator: String, pairType: Int?
  ) throws(ModelSpecError) -> JSONValue {
    func special(_ token: String, _ type: Int = 0) -> JSONValue {
      ["SpecialToken": ["id": .string(token), "type_id": JSONValue(type)]]
    }
    func text(_ name: String, _ type: Int = 0) -> JSONValue {
      ["Sequence": ["id": .string(name), "type_id": JSONValue(type)]]
    }
    func entry(_ token: String) throws(ModelSpecError) -> JSONValue {
      ["id": .string(token), "ids": [try id(token, root)], "tokens": [.string(token)]]
    }
    let single = [special(classification), text("A"), special(separator)]
    let second =
      pairType.map { [text("B", $0), special(separator, $0)] }
      ?? [special(separator), text("B"), special(separator)]
    var tokens = JSONObject()
    tokens[classification] = try entry(classification)
    tokens[separator] = try entry(separator)
    return [
      "type": "TemplateProcessing", "single": .array(single), "pair": .array(single + second),
      "special_tokens": .object(tokens),
    ]
  }

  // MARK: Vocabulary

  /// The vocabulary of tokenizer.json: an object from token to id, or an array of tokens with scores. And the ids that
  /// added tokens take.
  private struct Vocabulary {
    private let ids: JSONObject?
    private let list: [JSONValue]
    private var highest = -1

    init(_ root: JSONObject) {
      ids = root["model"]?["vocab"]?.object
      list = root["model"]?["vocab"]?.array ?? []
    }

    var count: Int { ids?.count ?? list.count }

    /// The id that the next token takes that is not in the vocabulary.
    var free: Int { max(count, highest + 1) }

    mutating func take(_ token: JSONObject) {
      if let id = token["id"]?.int, id >= count { highest = max(highest, id) }
    }

    func id(of token: String) -> Int? { ids.map { $0[token]?.int } ?? place(of: token) }

    /// In an array.
    func place(of token: String) -> Int? {
      list.lastIndex { $0[0]?.string?.utf8.elementsEqual(token.utf8) ?? false }
    }
  }
}
