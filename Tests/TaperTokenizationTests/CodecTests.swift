import TaperTokenization
import Testing

/// The binary form: what is written is read, and damaged bytes give an error or a tokenizer, never a trap.
struct CodecTests {
  /// A tokenizer with few tokens, so that every byte can be visited.
  static func tiny() throws -> Tokenizer {
    let tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "oil", "##s", "price", "é", "é", "##Ġ", "n"]
    return try Tokenizer(vocabulary: Array(tokens.joined(separator: "\n").utf8), lowercase: true)
  }

  static func use(_ tokenizer: Tokenizer) -> Int {
    tokenizer.encode("Oil [MASK] prices  e\u{301}Ġ", pair: "oilsss <mask> \u{1F600}", maximumLength: 12).ids
      .count
      + tokenizer.encode("[CLS]x", maximumLength: 0).ids.count + tokenizer.vocabularyCount
      + (tokenizer.token(5)?.utf8.count ?? 0)
  }

  @Test(arguments: ["minilm", "mpnet", "tinybert", "cased", "lower", "odd"])
  func writtenIsRead(_ name: String) throws {
    let configuration = try Fixture.configuration(name)
    let tokenizer = try configuration.tokenizer()
    let bytes = tokenizer.encoded()
    let read = try Tokenizer(encoded: bytes)
    #expect(read == tokenizer)
    #expect(read.encoded() == bytes)
    for text in configuration.texts {
      let encoding = read.encode(text.text, pair: text.pair, maximumLength: text.maximum)
      #expect(Reference(encoding) == text.expected)
    }
  }

  @Test func everyTruncationIsRefused() throws {
    let bytes = try Self.tiny().encoded()
    for count in bytes.indices {
      #expect(throws: TokenizerError.self, "cut at \(count)") {
        try Tokenizer(encoded: Array(bytes[..<count]))
      }
    }
    #expect(throws: TokenizerError.self) { try Tokenizer(encoded: bytes + [0]) }
  }

  @Test func everyBitFlipIsSurvived() throws {
    let bytes = try Self.tiny().encoded()
    var refused = 0
    var used = 0
    for index in bytes.indices {
      for bit in 0..<8 {
        var damaged = bytes
        damaged[index] ^= 1 << UInt8(bit)
        if let tokenizer = try? Tokenizer(encoded: damaged) {
          used += Self.use(tokenizer)
        } else {
          refused += 1
        }
      }
    }
    #expect(refused > bytes.count)
    #expect(used > 0)
  }

  @Test func seededDamageIsSurvived() throws {
    let bytes = try Self.tiny().encoded()
    var state: UInt64 = 2026
    func next(_ limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % limit
    }
    var refused = 0
    var used = 0
    for _ in 0..<10_000 {
      var damaged = bytes
      for _ in 0...next(4) { damaged[next(damaged.count)] = UInt8(next(256)) }
      if let tokenizer = try? Tokenizer(encoded: damaged) {
        used += Self.use(tokenizer)
      } else {
        refused += 1
      }
    }
    #expect(refused > 1000)
    #expect(used > 0)
  }

  @Test func errorsSayWhatIsWrong() throws {
    var bytes = try Self.tiny().encoded()
    #expect(throws: TokenizerError.corrupt(offset: 0, reason: "expected 4 more bytes, found 0")) {
      try Tokenizer(encoded: [])
    }
    #expect(throws: TokenizerError.corrupt(offset: 0, reason: "it does not begin with \"TTOK\"")) {
      try Tokenizer(encoded: [0, 0, 0, 0])
    }
    bytes[4] = 9
    #expect(throws: TokenizerError.unsupportedVersion(found: 9, supported: 2)) {
      try Tokenizer(encoded: bytes)
    }
  }
}
