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
      guard var object = root[section]?.object else { return }
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
      ("model", "type", "BPE", "tokenizer.json asks for \"BPE\" at model; supported: WordPiece."),
      ("model", "type", 3, "tokenizer.json has an integer at model.type where a string was expected"),
      ("model", "vocab", nil, "tokenizer.json lacks model.vocab"),
      ("model", "vocab", ["a"], "tokenizer.json has an array at model.vocab where an object was expected"),
      ("model", "vocab", [:], "tokenizer.json has an empty object at model.vocab"),
      ("model", "vocab", ["[UNK]": 0, "a": 0], "the vocabulary gives id 0 to \"[UNK]\" and \"a\""),
      ("model", "vocab", ["[UNK]": 0, "a": -1], "tokenizer.json has -1 at model.vocab[\"a\"]"),
      ("model", "vocab", ["[UNK]": 0, "a": "b"], "tokenizer.json has a string at model.vocab[\"a\"]"),
      (
        "model", "vocab", ["[UNK]": 0, "a": 4_000_000_000], "the id of \"a\" is 4000000000, and at most 4099"
      ),
      ("model", "unk_token", "<unk>", "the unknown token \"<unk>\" is not in the vocabulary"),
      ("model", "max_input_chars_per_word", -1, "tokenizer.json has -1 at model.max_input_chars_per_word"),
      ("normalizer", "type", "NFC", "tokenizer.json asks for \"NFC\" at normalizer"),
      ("normalizer", "lowercase", 1, "tokenizer.json has an integer at normalizer.lowercase"),
      ("pre_tokenizer", "type", "ByteLevel", "tokenizer.json asks for \"ByteLevel\" at pre_tokenizer"),
      ("post_processor", "type", "Sequence", "tokenizer.json asks for \"Sequence\" at post_processor"),
      ("post_processor", "cls", ["[CLS]"], "tokenizer.json has an array of 1 at post_processor.cls"),
      (
        "post_processor", "cls", ["[CLS]", 77],
        "tokenizer.json has 77, which no token has at post_processor.cls[1]"
      ),
      ("post_processor", "type", "TemplateProcessing", "tokenizer.json lacks post_processor.special_tokens"),
    ] as [(String, String, JSONValue?, String)])
  func membersAreNamed(_ section: String, _ key: String, _ value: JSONValue?, _ message: String) throws {
    let json = try Self.changing(section, key, value)
    let error = #expect(throws: TokenizerError.self) { try Tokenizer(tokenizerJSON: json) }
    #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
  }

  @Test(
    arguments: [
      ([["id": 1]], "tokenizer.json lacks added_tokens[0].content"),
      ([["id": 2, "content": "[CLS]"]], "the added token \"[CLS]\" cannot be used: its id is 2, and 1"),
      ([["id": 3, "content": "b"]], "the vocabulary gives id 3 to \"a\" and \"b\""),
      ([["id": 9, "content": ""]], "the added token \"\" cannot be used: it is empty"),
      (
        [["id": 9, "content": "\u{301}"]], "the added token \"\u{301}\" cannot be used: the normalizer leaves"
      ),
      (
        [["id": 9, "content": "b"], ["id": 9, "content": "c"]], "the vocabulary gives id 9 to \"b\" and \"c\""
      ),
      (
        [["id": 9, "content": "b", "single_word": true]],
        "tokenizer.json asks for a token matched as a single word"
      ),
      (7, "tokenizer.json has an integer at added_tokens where an array was expected"),
    ] as [(JSONValue, String)])
  func addedTokensAreNamed(_ value: JSONValue, _ message: String) throws {
    let json = try Self.file { $0["added_tokens"] = value }
    let error = #expect(throws: TokenizerError.self) { try Tokenizer(tokenizerJSON: json) }
    #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
  }

  @Test(arguments: ["model", "normalizer", "pre_tokenizer"])
  func sectionsAreRequired(_ section: String) throws {
    let json = try Self.file { $0[section] = nil }
    let error = #expect(throws: TokenizerError.self) { try Tokenizer(tokenizerJSON: json) }
    #expect(error?.description.hasPrefix("tokenizer.json lacks \(section)") == true)
  }

  @Test func noObjectAtAll() {
    #expect(throws: TokenizerError.invalid(path: "the top", expected: "an object", found: "an array")) {
      try Tokenizer(tokenizerJSON: [])
    }
  }

  @Test func vocabularyFiles() throws {
    func error(_ text: [UInt8]) -> String {
      do throws(TokenizerError) {
        _ = try Tokenizer(vocabulary: text, lowercase: true)
        return ""
      } catch {
        return error.description
      }
    }
    #expect(error([]).hasPrefix("vocab.txt must hold one UTF-8 token a line: it is empty"))
    #expect(error([0xFF]).hasPrefix("vocab.txt must hold one UTF-8 token a line: it is not UTF-8"))
    #expect(error(Array("a\nb".utf8)).hasPrefix("the unknown token \"[UNK]\" is not in the vocabulary"))
    #expect(
      error(Array("[UNK]\n[CLS]".utf8)).hasPrefix("the separator token \"[SEP]\" is not in the vocabulary"))
    #expect(error(Array("[UNK]\r\n[CLS]\r\n[SEP]\r\n".utf8)) == "")
  }
}
