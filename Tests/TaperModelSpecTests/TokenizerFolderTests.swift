import Foundation
import TaperJSON
import TaperModelSpec
import TaperTokenization
import Testing

/// Model folders whose tokenizer files say different things, against what transformers makes of them
/// (tools/reference/make-folder-fixtures.py).
struct TokenizerFolderTests {
  static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

  static func parse(_ path: String) throws -> JSONValue {
    try JSONValue.parse(Array(try Data(contentsOf: tests.appending(path: path))))
  }

  static func write(_ content: JSONValue, _ name: String, into folder: URL) throws {
    let text = content.string ?? content.serialized()
    try Data(text.utf8).write(to: folder.appending(path: name))
  }

  /// Writes the files of a case.
  static func make(_ item: JSONValue, _ tokenizers: [String: JSONValue], in folder: URL) throws {
    for (name, content) in item["files"]?.object?.members ?? [] { try write(content, name, into: folder) }
    if let name = item["tokenizer"]?.string {
      var json = try #require(tokenizers[name]?.object)
      for (key, value) in item["edit"]?.object?.members ?? [] { json[key] = value }
      try write(.object(json), "tokenizer.json", into: folder)
    }
    if let name = item["lines"]?.string {
      let vocabulary = try #require(tokenizers[name]?["model"]?["vocab"]?.object)
      let tokens = vocabulary.members.sorted { ($0.value.int ?? 0) < ($1.value.int ?? 0) }.map(\.key)
      try write(.string(tokens.map { $0 + "\n" }.joined()), "vocab.txt", into: folder)
    }
    if let name = item["pairs"]?.string {
      let model = try #require(tokenizers[name]?["model"])
      try write(try #require(model["vocab"]), "vocab.json", into: folder)
      let merges = try #require(model["merges"]?.array).map {
        "\($0[0]?.string ?? "") \($0[1]?.string ?? "")\n"
      }
      try write(.string("#version: 0.2\n" + merges.joined()), "merges.txt", into: folder)
    }
  }

  @Test func foldersAreReadAsTransformersReadsThem() throws {
    var tokenizers: [String: JSONValue] = [:]
    for item in try Self.parse("TaperTokenizationTests/Fixtures/pipelines.json")["configurations"]?.array
      ?? []
    {
      tokenizers[try #require(item["name"]?.string)] = item["tokenizer"]
    }
    let cases = try Self.parse("TaperModelSpecTests/Fixtures/tokenizer-folders.json").array ?? []
    #expect(cases.count >= 25)
    for item in cases {
      let name = item["name"]?.string ?? ""
      let folder = FileManager.default.temporaryDirectory.appending(path: "taper-folder-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      try Self.make(item, tokenizers, in: folder)
      let tokenizer = try ModelTokenizer.load(directory: folder.path, vocabulary: 5000)
      #expect(try Tokenizer(encoded: tokenizer.encoded()) == tokenizer, "\(name)")
      for result in item["results"]?.array ?? [] {
        let texts = (result["texts"]?.array ?? []).compactMap(\.string)
        let encoding = tokenizer.encode(
          texts[0], pair: texts.count > 1 ? texts[1] : nil, maximumLength: result["maximum"]?.int ?? 0)
        #expect(
          encoding.ids.map { Int($0) } == (result["ids"]?.array ?? []).compactMap(\.int), "\(name): \(texts)")
        #expect(
          encoding.offsets.flatMap { [Int($0.begin), Int($0.end)] }
            == (result["offsets"]?.array ?? []).compactMap(\.int), "\(name): \(texts)")
      }
    }
  }
}

extension TokenizerFolderTests {
  /// What a folder with these files is refused for; nil when it is read.
  static func refusal(_ files: [String: JSONValue]) throws -> String? {
    let folder = FileManager.default.temporaryDirectory.appending(path: "taper-folder-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, content) in files { try write(content, name, into: folder) }
    do {
      _ = try ModelTokenizer.load(directory: folder.path, vocabulary: 100)
      return nil
    } catch {
      return "\(error)".replacing(folder.path + "/", with: "").replacing(folder.path, with: "")
    }
  }

  static let wordPiece: JSONValue = [
    "model": [
      "type": "WordPiece", "unk_token": "[UNK]", "vocab": ["[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "a": 3],
    ],
    "pre_tokenizer": ["type": "BertPreTokenizer"], "normalizer": ["type": "BertNormalizer"],
  ]

  @Test func refusalsSayWhatToDo() throws {
    #expect(try Self.refusal([:])?.contains("no tokenizer.json and no vocab.txt and no vocab.json") == true)
    let sentencePiece = try #require(try Self.refusal(["spiece.model": "x"]))
    #expect(sentencePiece.hasPrefix("spiece.model: SentencePiece files are not read"))
    #expect(sentencePiece.contains("AutoTokenizer.from_pretrained('.').save_pretrained('.')"))
    #expect(
      try Self.refusal(["vocab.json": "{}"])?.hasPrefix("vocab.json: merges.txt is not beside it") == true)
    #expect(
      try Self.refusal([
        "vocab.json": "{}", "merges.txt": "a b\n", "config.json": "{\"model_type\":\"gpt2\"}",
      ])?
      .contains("RobertaTokenizer and DebertaTokenizer only") == true)
    #expect(
      try Self.refusal([
        "tokenizer.json": Self.wordPiece, "tokenizer_config.json": ["tokenizer_class": "RobertaTokenizer"],
      ])?.contains("the model is WordPiece, and the tokenizer class in tokenizer_config.json has BPE") == true
    )
    #expect(
      try Self.refusal([
        "tokenizer.json": Self.wordPiece,
        "tokenizer_config.json": ["added_tokens_decoder": ["9": ["content": "[E]"]]],
      ])?.contains("added token \"[E]\" has id 9, and transformers would give it 4") == true)
    var moved = try #require(Self.wordPiece.object)
    moved["added_tokens"] = [["id": 8, "content": "[E]"]]
    #expect(
      try Self.refusal(["tokenizer.json": .object(moved)])?
        .contains("added token \"[E]\" has id 8, and transformers would give it 4") == true)
    #expect(
      try Self.refusal([
        "tokenizer.json": Self.wordPiece, "tokenizer_config.json": ["truncation_side": "middle"],
      ])?.contains("truncation_side") == true)
    #expect(
      try Self.refusal([
        "tokenizer.json": Self.wordPiece,
        "tokenizer_config.json": ["tokenizer_class": "BertTokenizer", "cls_token": "<s>"],
      ]) == nil)
    #expect(try Self.refusal(["tokenizer.json": Self.wordPiece]) == nil)
  }
}
