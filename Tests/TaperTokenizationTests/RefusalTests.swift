import TaperJSON
import TaperTokenization
import Testing

/// Files that are no tokenizer of ours: each gives an error that names the place.
struct RefusalTests {
  static func file(_ change: (inout JSONObject) -> Void) throws -> JSONValue {
    let text = #"""
      {"model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100, "vocab": {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "a": 3}},
       "added_tokens": [{"id": 1, "content": "[CLS]", "special": true, "normalized": false}],
       "normalizer": {"type": "BertNormalizer", "lowercase": true}, "pre_tokenizer": {"type": "BertPreTokenizer"},
       "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 2], "cls": ["[CLS]", 1]}}
      """#
    guard var object = try JSONValue.parse(Array(text.utf8)).object else {
      throw Fixture.Missing(what: "object")
    }
    change(&object)
    return .object(object)
  }

  static func changing(_ section: String, _ key: String, _ value: JSONValue?) throws -> JSONValue {
    try file { root in
      guard var object = root[section]?.object else { preconditionFailure("the file lacks \(section)") }
      object[key] = value
      root[section] = .object(object)
    }
  }

  @Test func theUnchangedFileIsRead() throws {
    let tokenizer = try Tokenizer(tokenizerJSON: Self.file { _ in })
    #expect(tokenizer.encode("A x", pair: "a", maximumLength: 9).ids == [1, 3, 0, 2, 3, 2])
  }

  @Test(
    arguments: [
      ("model", "type", "Magic", .unsupported("model", "\"Magic\"")),
      ("model", "type", "BPE", .missing("model.merges")),
      ("model", "type", "Unigram", .invalid("model.vocab", "an object")),
      ("model", "type", 3, .invalid("model.type", "an integer")),
      ("model", "vocab", nil, .missing("model.vocab")),
      ("model", "vocab", ["a"], .invalid("model.vocab", "an array")),
      ("model", "vocab", [:], .invalid("model.vocab", "an empty object")),
      ("model", "vocab", ["[UNK]": 0, "a": 0], .duplicateID(0, ["[UNK]", "a"])),
      ("model", "vocab", ["[UNK]": 0, "a": -1], .invalid("model.vocab[\"a\"]", "-1")),
      ("model", "vocab", ["[UNK]": 0, "a": "b"], .invalid("model.vocab[\"a\"]", "a string")),
      ("model", "vocab", ["[UNK]": 0, "a": 4_000_000_000], .tooLarge(4_000_000_000)),
      ("model", "unk_token", "<unk>", .tokenNotInVocabulary("<unk>")),
      ("model", "max_input_chars_per_word", -1, .invalid("model.max_input_chars_per_word", "-1")),
      ("normalizer", "type", "Fancy", .unsupported("normalizer", "\"Fancy\"")),
      ("normalizer", "type", "Replace", .missing("normalizer.pattern")),
      ("normalizer", "type", "Precompiled", .missing("normalizer.precompiled_charsmap")),
      ("normalizer", "lowercase", 1, .invalid("normalizer.lowercase", "an integer")),
      ("pre_tokenizer", "type", "UnicodeScripts", .unsupported("pre_tokenizer", "\"UnicodeScripts\"")),
      ("pre_tokenizer", "type", "Metaspace", .missing("pre_tokenizer.replacement")),
      ("post_processor", "type", "Magic", .unsupported("post_processor", "\"Magic\"")),
      ("post_processor", "type", "Sequence", .missing("post_processor.processors")),
      ("post_processor", "cls", ["[CLS]"], .invalid("post_processor.cls", "an array of 1")),
      ("post_processor", "cls", ["[CLS]", 77], .invalid("post_processor.cls[1]", "77, which no token has")),
      ("post_processor", "type", "TemplateProcessing", .missing("post_processor.special_tokens")),
    ] as [(String, String, JSONValue?, Refusal)])
  func membersAreNamed(_ section: String, _ key: String, _ value: JSONValue?, _ expected: Refusal) throws {
    let json = try Self.changing(section, key, value)
    let error = #expect(throws: TokenizerError.self) { try Tokenizer(tokenizerJSON: json) }
    #expect(error.map(Refusal.init) == expected)
  }

  @Test(
    arguments: [
      ([["id": 1]], .missing("added_tokens[0].content")),
      ([["id": 2, "content": "[CLS]"]], .invalidAddedToken("[CLS]")),
      ([["id": 3, "content": "b"]], .duplicateID(3, ["a", "b"])),
      ([["id": 9, "content": ""]], .invalidAddedToken("")),
      ([["id": 9, "content": "\u{301}"]], .invalidAddedToken("\u{301}")),
      ([["id": 9, "content": "b"], ["id": 9, "content": "c"]], .duplicateID(9, ["b", "c"])),
      ([["id": 9, "content": "b", "single_word": 1]], .invalid("added_tokens[0].single_word", "an integer")),
      (7, .invalid("added_tokens", "an integer")),
    ] as [(JSONValue, Refusal)])
  func addedTokensAreNamed(_ value: JSONValue, _ expected: Refusal) throws {
    let json = try Self.file { $0["added_tokens"] = value }
    let error = #expect(throws: TokenizerError.self) { try Tokenizer(tokenizerJSON: json) }
    #expect(error.map(Refusal.init) == expected)
  }

  @Test func onlyTheModelIsRequired() throws {
    let json = try Self.file { $0["model"] = nil }
    let error = #expect(throws: TokenizerError.self) { try Tokenizer(tokenizerJSON: json) }
    #expect(error.map(Refusal.init) == .missing("model"))
    let bare = try Self.file { root in
      for section in ["normalizer", "pre_tokenizer", "post_processor", "added_tokens"] { root[section] = nil }
    }
    #expect(try Tokenizer(tokenizerJSON: bare).encode("a", maximumLength: 9).ids == [3])
  }

  static let bytePairs: JSONValue = [
    "type": "BPE", "unk_token": "[UNK]",
    "vocab": ["[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "a": 3, "b": 4, "ab": 5],
    "merges": ["a b"],
  ]
  static let unigram: JSONValue = [
    "type": "Unigram", "unk_id": 0,
    "vocab": [["[UNK]", 0.0], ["[CLS]", 0.0], ["[SEP]", 0.0], ["a", -1.5], ["b", -2]],
  ]

  @Test(
    arguments: [
      (bytePairs, "dropout", 0.1, .unsupported("model.dropout", "random dropout of merges")),
      (bytePairs, "merges", ["a b c"], .invalid("model.merges[0]", "\"a b c\"")),
      (bytePairs, "merges", [["a", "c"]], .invalid("model.merges[0]", "\"c\"")),
      (bytePairs, "merges", [["b", "a"]], .invalid("model.merges[0]", "\"ba\"")),
      (bytePairs, "merges", "a b", .invalid("model.merges", "a string")),
      (bytePairs, "unk_token", "<unk>", .tokenNotInVocabulary("<unk>")),
      (bytePairs, "fuse_unk", 1, .invalid("model.fuse_unk", "an integer")),
      (unigram, "unk_id", nil, .unsupported("model", "a Unigram model without unk_id")),
      (unigram, "unk_id", 5, .invalid("model.unk_id", "5")),
      (unigram, "vocab", [], .invalid("model.vocab", "an array")),
      (unigram, "vocab", [["a"]], .invalid("model.vocab[0]", "an array")),
      (unigram, "vocab", [["a", "b"]], .invalid("model.vocab[0]", "an array")),
      (unigram, "vocab", [[.string(String(repeating: "a", count: 1025)), 0.0]], .tooLarge(1025)),
    ] as [(JSONValue, String, JSONValue?, Refusal)])
  func modelsAreNamed(_ model: JSONValue, _ key: String, _ value: JSONValue?, _ expected: Refusal) throws {
    let whole = try Self.file { $0["model"] = model }
    _ = try Tokenizer(tokenizerJSON: whole)
    var object = try #require(model.object)
    object[key] = value
    let json = try Self.file { $0["model"] = .object(object) }
    let error = #expect(throws: TokenizerError.self) { try Tokenizer(tokenizerJSON: json) }
    #expect(error.map(Refusal.init) == expected)
  }

  @Test(
    arguments: [
      (
        "normalizer", ["type": "Replace", "pattern": ["Regex": "a*"], "content": ""],
        .unsupported("normalizer.pattern.Regex", "\"a*\"")
      ),
      (
        "normalizer", ["type": "Replace", "pattern": ["Regex": "[^a]"], "content": ""],
        .unsupported("normalizer.pattern.Regex", "\"[^a]\"")
      ),
      (
        "normalizer", ["type": "Replace", "pattern": ["String": ""], "content": "b"],
        .unsupported("normalizer.pattern.String", "an empty string")
      ),
      (
        "normalizer", ["type": "Precompiled", "precompiled_charsmap": "AAAA"],
        .invalid("normalizer.precompiled_charsmap", "something else")
      ),
      (
        "normalizer", ["type": "Sequence", "normalizers": [["type": "NFC"], ["type": "Fancy"]]],
        .unsupported("normalizer.normalizers[1]", "\"Fancy\"")
      ),
      (
        "normalizer",
        [
          "type": "Sequence",
          "normalizers": .array(
            Array(
              repeating: ["type": "Replace", "pattern": ["String": "a"], "content": "aaaaaaaaaa"], count: 6)),
        ], .unsupported("normalizer and pre_tokenizer", "a pipeline that makes texts very much longer")
      ),
      (
        "normalizer",
        ["type": "Sequence", "normalizers": .array(Array(repeating: ["type": "NFC"], count: 33))],
        .unsupported("normalizer and pre_tokenizer", "a pipeline that makes texts very much longer")
      ),
      (
        "pre_tokenizer", ["type": "Split", "pattern": ["Regex": "(a|b)+"], "behavior": "Removed"],
        .unsupported("pre_tokenizer.pattern.Regex", "\"(a|b)+\"")
      ),
      (
        "pre_tokenizer", ["type": "Split", "pattern": ["String": "a"], "behavior": "Torn"],
        .invalid("pre_tokenizer.behavior", "\"Torn\"")
      ),
      (
        "pre_tokenizer", ["type": "Metaspace", "replacement": "ab"],
        .invalid("pre_tokenizer.replacement", "2 of them")
      ),
      (
        "post_processor",
        [
          "type": "Sequence",
          "processors": .array(
            Array(
              repeating: ["type": "BertProcessing", "sep": ["[SEP]", 2], "cls": ["[CLS]", 1]], count: 2)),
        ], .unsupported("post_processor.processors[1]", "a second template")
      ),
    ] as [(String, JSONValue, Refusal)])
  func stepsAreNamed(_ section: String, _ value: JSONValue, _ expected: Refusal) throws {
    let json = try Self.file { $0[section] = value }
    let error = #expect(throws: TokenizerError.self) { try Tokenizer(tokenizerJSON: json) }
    #expect(error.map(Refusal.init) == expected)
  }

  @Test func noObjectAtAll() {
    #expect(throws: TokenizerError.invalid(path: "the top", expected: "an object", found: "an array")) {
      try Tokenizer(tokenizerJSON: [])
    }
  }

  @Test func vocabularyFiles() throws {
    func refusal(_ text: [UInt8]) -> Refusal? {
      do throws(TokenizerError) {
        _ = try Tokenizer(vocabulary: text, lowercase: true)
        return nil
      } catch {
        return Refusal(error)
      }
    }
    #expect(refusal([]) == .invalidVocabularyFile)
    #expect(refusal([0xFF]) == .invalidVocabularyFile)
    #expect(refusal(Array("a\nb".utf8)) == .tokenNotInVocabulary("[UNK]"))
    #expect(refusal(Array("[UNK]\n[CLS]".utf8)) == .tokenNotInVocabulary("[SEP]"))
    #expect(refusal(Array("[UNK]\r\n[CLS]\r\n[SEP]\r\n".utf8)) == nil)
  }

  /// A `TokenizerError`'s case with the place and what was found there, without the words on what to do.
  enum Refusal: Equatable, Sendable {
    case missing(String)
    case invalid(String, String)
    case unsupported(String, String)
    case duplicateID(Int, [String])
    case tooLarge(Int)
    case tokenNotInVocabulary(String)
    case invalidAddedToken(String)
    case invalidVocabularyFile
    case corrupt

    init(_ error: TokenizerError) {
      self =
        switch error {
        case .missing(let path, _): .missing(path)
        case .invalid(let path, _, let found): .invalid(path, found)
        case .unsupported(let path, let found, _): .unsupported(path, found)
        case .duplicateID(let id, let tokens): .duplicateID(id, tokens)
        case .tooLarge(_, let found, _): .tooLarge(found)
        case .tokenNotInVocabulary(_, let token): .tokenNotInVocabulary(token)
        case .invalidAddedToken(let content, _): .invalidAddedToken(content)
        case .invalidVocabularyFile: .invalidVocabularyFile
        case .corrupt, .unsupportedVersion: .corrupt
        }
    }
  }
}
