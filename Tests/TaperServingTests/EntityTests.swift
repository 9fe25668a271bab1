import TaperJSON
import TaperPlanFormat
import TaperServing
import TaperTokenization
import TestSupport
import Testing

/// Entities against transformers' token classification pipeline (tools/reference/make-serving-fixtures.py).
struct EntityTests {
  static func groups() throws -> [JSONValue] {
    let bytes = TestFile.bytes(TestFile.fixture("entities.json"))
    return try JSONValue.parse(bytes).array ?? []
  }

  @Test(arguments: 0..<3, EntityAggregation.allCases)
  func entitiesAreTheReferences(_ tokenizerIndex: Int, aggregation: EntityAggregation) throws {
    let group = try Self.groups()[tokenizerIndex]
    let tokenizer = try Tokenizer(tokenizerJSON: #require(group["tokenizer"]))
    let labels = (group["labels"]?.array ?? []).compactMap(\.string)
    let head = Head(
      kind: .tokenClassification, pooling: .tokens, normalized: false, labels: labels,
      outputWidth: labels.count)
    var count = 0
    for item in try #require(group["cases"]?.array) {
      let text = try #require(item["text"]?.string)
      let scores = (item["scores"]?.array ?? []).compactMap(\.int).map { Float($0) / 64 }
      let encoding = tokenizer.encode(text, maximumLength: .max)
      try #require(scores.count == encoding.ids.count * labels.count)
      let answers = TokenAnswers(encoding, text, pair: nil, prompt: 0, tokenizer, head)
      let found = answers.entities(scores.span, by: aggregation)
      let expected = try #require(item["entities"]?[aggregation.rawValue]?.array)
      try #require(found.count == expected.count, "\(text.debugDescription)")
      for (entity, right) in zip(found, expected) {
        #expect(entity["entity"] == right["entity"])
        #expect(
          entity["offsets"] == [right["begin"] ?? .null, right["end"] ?? .null], "\(text.debugDescription)")
        let difference = abs((entity["score"]?.double ?? 9) - (right["score"]?.double ?? 0))
        #expect(difference < 1e-6)
        // Bytes and words are the same place.
        let bytes = (entity["bytes"]?.array ?? []).compactMap(\.int)
        #expect(
          String(decoding: Array(text.utf8)[bytes[0]..<bytes[1]], as: UTF8.self) == entity["words"]?.string)
        count += 1
      }
    }
    #expect(count > 30)
  }

  @Test func promptsHaveNoPlaceInTheText() throws {
    let group = try Self.groups()[1]
    let tokenizer = try Tokenizer(tokenizerJSON: #require(group["tokenizer"]))
    let head = Head(
      kind: .tokenClassification, pooling: .tokens, normalized: false, labels: ["O", "B-X"], outputWidth: 2)
    let (prompt, text) = ("é: ", "Ada Lovelace")
    let encoding = tokenizer.encode(prompt + text, maximumLength: .max)
    let scores = [Float](repeating: 0, count: encoding.ids.count * 2).enumerated().map {
      Float($0.offset % 2)
    }
    let answers = TokenAnswers(encoding, text, pair: nil, prompt: 3, tokenizer, head)
    let labels = answers.labels(scores.span)
    #expect(labels.first?["offsets"] == [0, 3] || labels.first?["offsets"]?.array?.first == 0)
    #expect(labels.count < encoding.ids.count - 2)
    #expect(labels.last?["bytes"]?.array?.last == 12)
  }
}
