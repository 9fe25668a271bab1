import TaperJSON
import TaperTokenization
import Testing

/// Chunks of long texts against the reference's overflowing encodings (tools/reference/make-serving-fixtures.py).
struct TextChunksTests {
  @Test(arguments: 0..<3)
  func chunksAreTheReferencesOverflow(_ tokenizerIndex: Int) throws {
    let group = try #require(JSONValue.parse(Fixture.bytes("chunks.json")).array?[tokenizerIndex])
    let tokenizer = try Tokenizer(tokenizerJSON: #require(group["tokenizer"]))
    var (several, pairs) = (0, 0)
    for item in try #require(group["cases"]?.array) {
      let text = try #require(item["text"]?.string)
      let pair = item["pair"]?.string
      let maximum = try #require(item["maximum"]?.int)
      let expected = try #require(item["chunks"]?.array)
      let chunks = try #require(
        TextChunks(
          text, pair: pair, maximumLength: maximum, overlap: item["overlap"]?.int ?? 0, by: tokenizer))
      try #require(chunks.count == expected.count, "\(text.debugDescription), \(maximum)")
      for (chunk, value) in expected.enumerated() {
        let encoding = chunks[chunk]
        #expect(Reference(encoding) == (try Reference(value)), "\(text.debugDescription), chunk \(chunk)")
        // All that no text has is the template's.
        let special = Set(value["special"]?.array?.compactMap(\.int) ?? [])
        #expect(Set(encoding.texts.joined()) == Set(encoding.ids.indices).subtracting(special))
      }
      #expect(chunks.whole == tokenizer.encode(text, pair: pair, maximumLength: .max))
      #expect(chunks.tokenCount == chunks.whole.ids.count)
      several += expected.count > 1 ? 1 : 0
      pairs += pair != nil && expected.count > 1 ? 1 : 0
    }
    #expect(several > 10 && pairs > 3)
  }

  @Test func everyChunkHasThePrompt() throws {
    let tokenizer = try EncodingTests.tokenizer()
    let chunks = try #require(
      TextChunks("oil: a b a b a b a", prompt: 5, maximumLength: 7, overlap: 1, by: tokenizer))
    let (oil, unknown): (UInt32, UInt32) = (5, 1)
    #expect(chunks.count == 3)
    #expect(
      (0..<3).map { chunks[$0].ids } == [
        [2, oil, unknown, 8, 9, 8, 3], [2, oil, unknown, 8, 9, 8, 3], [2, oil, unknown, 8, 9, 8, 3],
      ])
    #expect(chunks[1].offsets.map(\.begin) == [0, 0, 3, 9, 11, 13, 0])
    #expect((0..<3).map { chunks.tokens(of: $0) } == [0..<3, 2..<5, 4..<7])
  }

  @Test func whatLeavesNoRoomIsRefused() throws {
    let tokenizer = try EncodingTests.tokenizer()
    let words = String(repeating: "a ", count: 20)
    #expect(TextChunks(words, prompt: 40, maximumLength: 10, overlap: 0, by: tokenizer) == nil)
    #expect(TextChunks("a" + words, pair: "b b b", maximumLength: 20, overlap: 0, by: tokenizer) == nil)
    #expect(TextChunks(words, maximumLength: 2, overlap: 0, by: tokenizer) == nil)
    // An overlap larger than half a chunk is cut down, so that chunks go on.
    #expect(TextChunks(words, maximumLength: 12, overlap: 1000, by: tokenizer)?.overlap == 5)
  }
}
