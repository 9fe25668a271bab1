import TaperTokenization
import Testing

/// What callers rely on, case by case, with a vocabulary one can read.
struct EncodingTests {
  static let vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\noil\n##s\nprice\na\nb\n[\n]\nc\n##l"

  static func tokenizer() throws -> Tokenizer {
    try Tokenizer(vocabulary: Array(vocabulary.utf8), lowercase: true)
  }

  @Test func emptyTextIsTheTemplate() throws {
    let encoding = try Self.tokenizer().encode("", maximumLength: 8)
    #expect(encoding.ids == [2, 3])
    #expect(encoding.offsets == [TokenOffset(begin: 0, end: 0), TokenOffset(begin: 0, end: 0)])
    #expect(!encoding.truncated)
  }

  @Test func longestIsCutFirst() throws {
    let tokenizer = try Self.tokenizer()
    let encoding = tokenizer.encode("a a a a a a", pair: "b b b", maximumLength: 8)
    #expect(encoding.ids == [2, 8, 8, 8, 3, 9, 9, 3])
    #expect(encoding.typeIDs == [0, 0, 0, 0, 0, 1, 1, 1])
    #expect(encoding.truncated)
    #expect(!tokenizer.encode("a a", maximumLength: 4).truncated)
    #expect(tokenizer.encode("a a a", maximumLength: 4).truncated)
  }

  @Test func templateIsNeverCut() throws {
    let encoding = try Self.tokenizer().encode("a a", pair: "b", maximumLength: 0)
    #expect(encoding.ids == [2, 3, 3])
    #expect(encoding.truncated)
  }

  @Test func specialTokensInTextCanBeRefused() throws {
    var tokenizer = try Self.tokenizer()
    #expect(tokenizer.encode("a[CLS]b", maximumLength: 99).ids == [2, 8, 2, 9, 3])
    tokenizer.allowsSpecialTokensInText = false
    // "[", "cls", "]": c, ##l, ##s.
    #expect(tokenizer.encode("a[CLS]b", maximumLength: 99).ids == [2, 8, 10, 12, 13, 6, 11, 9, 3])
  }

  @Test func offsetsCountScalarsOfTheOriginal() throws {
    let encoding = try Self.tokenizer().encode("\u{0}O\u{308}il\u{AD}S é PRICE", maximumLength: 99)
    #expect(encoding.ids == [2, 5, 6, 1, 7, 3])
    #expect(encoding.offsets[1...4].map { [$0.begin, $0.end] } == [[1, 5], [6, 7], [8, 9], [10, 15]])
  }

  @Test func illFormedBytesAreReadAsPythonReadsThem() throws {
    let tokenizer = try Self.tokenizer()
    let bytes: [UInt8] = [0x6F, 0x69, 0x6C, 0xE2, 0x82, 0x73, 0x20, 0xFF, 0xC0, 0xAF, 0x20, 0x61]
    let encoding = tokenizer.encode(bytes, maximumLength: 99)
    #expect(encoding == tokenizer.encode("oil\u{FFFD}s \u{FFFD}\u{FFFD}\u{FFFD} a", maximumLength: 99))
    #expect(encoding.ids == [2, 5, 6, 8, 3])
    #expect(encoding.offsets[3] == TokenOffset(begin: 10, end: 11))
  }

  /// A long text is read in parts and only as far as needed; neither may show.
  @Test(arguments: ["minilm", "mpnet", "odd"])
  func partsOfLongTextsDoNotShow(_ name: String) throws {
    let configuration = try Fixture.configuration(name)
    let tokenizer = try configuration.tokenizer()
    let pieces = configuration.texts.map(\.text).filter { !$0.isEmpty }
    var text = ""
    var expected: [UInt32] = []
    for _ in 0..<40 {
      for piece in pieces {
        text += "the " + piece + " the "
        expected += tokenizer.encode("the " + piece + " the ", maximumLength: .max).ids.dropFirst().dropLast()
      }
    }
    #expect(text.utf8.count > 20_000)
    let whole = tokenizer.encode(text, maximumLength: .max)
    #expect(Array(whole.ids.dropFirst().dropLast()) == expected)
    for maximum in [2, 3, 100, 1000, 2500, expected.count + 1, expected.count + 2] {
      let cut = tokenizer.encode(text, maximumLength: maximum)
      #expect(cut.ids.count == maximum)
      #expect(cut.truncated == (maximum < expected.count + 2))
      #expect(cut.ids.dropLast() == whole.ids.prefix(maximum - 1))
      #expect(cut.offsets.dropLast() == whole.offsets.prefix(maximum - 1))
    }
  }

  @Test func tokensAndIDs() throws {
    let tokenizer = try Self.tokenizer()
    #expect(tokenizer.vocabularyCount == 14)
    #expect(tokenizer.specialTokenCount(isPair: false) == 2)
    #expect(tokenizer.specialTokenCount(isPair: true) == 3)
    #expect(tokenizer.id(of: "##s") == 6)
    #expect(tokenizer.id(of: "nothing") == nil)
    #expect(tokenizer.token(5) == "oil")
    #expect(tokenizer.token(14) == nil)
    #expect(tokenizer.unknownID == 1)
  }
}
