import Glibc
import TaperJSON
import TaperTokenization
import Testing

/// The three configurations of the fixtures, made by tools/reference/make-tokenizer-fixtures.py from the reference.
let configurations = ["bert", "bert-cased", "mpnet"]

func fixture(_ name: String) throws -> JSONValue {
  let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
  let path = "/\(folder)/Fixtures/\(name)"
  guard let file = unsafe fopen(path, "r") else { throw JSONError.unexpectedEnd(offset: 0, expected: path) }
  defer { unsafe fclose(file) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = unsafe fread(&chunk, 1, chunk.count, file)
    if count == 0 { break }
    bytes += chunk[..<count]
  }
  return try JSONValue.parse(bytes)
}

func tokenizer(_ configuration: String) throws -> Tokenizer {
  try Tokenizer(tokenizerJSON: fixture("\(configuration).tokenizer.json"))
}

@Suite struct ReferenceTests {
  @Test(arguments: configurations)
  func mixedTextsMatch(configuration: String) throws {
    let tokenizer = try tokenizer(configuration)
    for (index, item) in try #require(fixture("\(configuration).expected.json")["cases"]?.array).enumerated()
    {
      let encoding = tokenizer.encode(
        try #require(item["text"]?.string), pair: item["pair"]?.string,
        maximumLength: item["limit"]?.int ?? 100_000)
      let expected = (item["ids"]?.array ?? []).compactMap(\.int)
      #expect(encoding.ids.map(Int.init) == expected, "text \(index)")
      #expect(
        encoding.typeIDs.map(Int.init) == (item["type_ids"]?.array ?? []).compactMap(\.int), "text \(index)")
      let offsets = (item["offsets"]?.array ?? []).map { [$0[0]?.int, $0[1]?.int] }
      #expect(encoding.offsets.map { [Int($0.begin), Int($0.end)] } == offsets, "text \(index)")
    }
  }

  /// Every scalar between two letters: ids and offsets, digested by blocks.
  @Test(arguments: configurations)
  func everyScalarMatches(configuration: String) throws {
    let tokenizer = try tokenizer(configuration)
    let expected = try fixture("\(configuration).expected.json")
    let block = UInt32(try #require(expected["block"]?.int))
    for (index, digest) in try #require(expected["scalars"]?.array).enumerated() {
      var hash: UInt64 = 0xCBF2_9CE4_8422_2325
      func add(_ value: UInt32) { hash = (hash ^ UInt64(value)) &* 0x0000_0100_0000_01B3 }
      let start = UInt32(index) * block
      for value in start..<start + block {
        guard let scalar = Unicode.Scalar(value) else { continue }
        var text = "a"
        text.unicodeScalars.append(scalar)
        text += "b"
        let encoding = tokenizer.encode(text, maximumLength: 1_000)
        add(UInt32(encoding.ids.count))
        encoding.ids.forEach(add)
        for offset in encoding.offsets {
          add(offset.begin)
          add(offset.end)
        }
      }
      let hex = String(hash, radix: 16)
      #expect(String(repeating: "0", count: 16 - hex.count) + hex == digest.string, "scalars from \(start)")
    }
  }
}

@Suite struct TokenizerTests {
  @Test(arguments: configurations)
  func codecKeepsEverything(configuration: String) throws {
    let original = try tokenizer(configuration)
    let bytes = original.encoded()
    let read = try Tokenizer(encoded: bytes)
    #expect(read.encoded() == bytes)
    for text in ["Oil prices rose 3.5% – don't panic!", "naïve [MASK] <mask> [unk]", ""] {
      #expect(
        read.encode(text, pair: "b c", maximumLength: 20)
          == original.encode(text, pair: "b c", maximumLength: 20))
    }
  }

  @Test func everyTruncationOfTheCodecIsRefused() throws {
    let bytes = try tokenizer("mpnet").encoded()
    for count in stride(from: 0, to: bytes.count, by: 7) {
      #expect(throws: TokenizerError.self, "cut at \(count)") {
        try Tokenizer(encoded: Array(bytes[..<count]))
      }
    }
  }

  @Test func corruptedCodecBytesNeverTrap() throws {
    let bytes = try tokenizer("bert").encoded()
    var state: UInt64 = 7
    var refused = 0
    for _ in 0..<300 {
      var damaged = bytes
      for _ in 0..<3 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        // Half of the damage goes to the header, where it means more.
        let place = Int(state >> 33) % (state & 1 == 0 ? 400 : damaged.count)
        damaged[place] ^= 1 << UInt8(state >> 20 & 7)
      }
      if let tokenizer = try? Tokenizer(encoded: damaged) {
        _ = tokenizer.encode("oil prices [CLS] rose", pair: "x", maximumLength: 200)
      } else {
        refused += 1
      }
    }
    #expect(refused > 100)
  }

  @Test func specialTokensInTextCanBeRefused() throws {
    var tokenizer = try tokenizer("bert")
    let special = tokenizer.encode("a[CLS]b", maximumLength: 50)
    tokenizer.allowsSpecialTokensInText = false
    let plain = tokenizer.encode("a[CLS]b", maximumLength: 50)
    #expect(special.ids.filter { $0 == special.ids[0] }.count == 2)
    #expect(plain.ids.filter { $0 == special.ids[0] }.count == 1)
  }

  @Test func truncationFollowsLongestFirst() throws {
    let tokenizer = try tokenizer("bert")
    let encoding = tokenizer.encode("a a a a a a", pair: "b b b", maximumLength: 8)
    #expect(encoding.typeIDs == [0, 0, 0, 0, 0, 1, 1, 1])
    #expect(encoding.truncated)
    #expect(tokenizer.encode("", maximumLength: 8).ids.count == 2)
  }

  @Test func vocabularyTextGivesTheSameIDs() throws {
    let json = try fixture("bert.tokenizer.json")
    let members = try #require(json["model"]?["vocab"]?.object).members.sorted {
      $0.value.int ?? 0 < $1.value.int ?? 0
    }
    let text = members.map(\.key).joined(separator: "\n") + "\n"
    let fromText = try Tokenizer(vocabulary: Array(text.utf8), lowercase: true)
    let fromJSON = try tokenizer("bert")
    for text in ["Oil prices [MASK] rose, café", "日本語 x"] {
      #expect(
        fromText.encode(text, pair: "the end", maximumLength: 30)
          == fromJSON.encode(text, pair: "the end", maximumLength: 30))
    }
  }

  @Test(
    arguments: [
      ("model", JSONValue.null), ("model", ["type": "BPE"]), ("normalizer", ["type": "NFC"]),
      ("post_processor", nil),
      ("added_tokens", [["id": -1, "content": "x"]]), ("added_tokens", [["id": 5, "content": ""]]),
      ("pre_tokenizer", 3),
    ] as [(String, JSONValue)])
  func malformedFilesAreNamed(field: String, value: JSONValue) throws {
    var json = try #require(fixture("bert.tokenizer.json").object)
    json[field] = value
    let error = #expect(throws: TokenizerError.self) { try Tokenizer(tokenizerJSON: .object(json)) }
    #expect("\(String(describing: error))".contains(field))
  }

  @Test func malformedVocabulariesAreRefused() throws {
    var json = try #require(fixture("bert.tokenizer.json").object)
    for vocabulary: JSONValue in [["a": 0, "b": 0], ["a": -1], ["a": 999_999_999], ["a": "x"], [:]] {
      var model = try #require(json["model"]?.object)
      model["vocab"] = vocabulary
      json["model"] = .object(model)
      #expect(throws: TokenizerError.self) { try Tokenizer(tokenizerJSON: .object(json)) }
    }
  }
}
