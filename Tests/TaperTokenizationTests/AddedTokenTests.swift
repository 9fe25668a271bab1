import TaperJSON
import TaperTokenization
import TestSupport
import Testing

/// Added tokens in a text: the leftmost match, the longest of those, however many there are.
struct AddedTokenTests {
  /// A tokenizer whose only other token is the unknown one, for whole pieces.
  static func tokenizer(_ tokens: [String], flags: [String: JSONValue] = [:]) throws -> Tokenizer {
    var list: [JSONValue] = []
    for (index, content) in tokens.enumerated() {
      var token = JSONObject([
        ("id", JSONValue(index + 1)), ("content", .string(content)), ("normalized", false),
      ])
      for (key, value) in flags { token[key] = value }
      list.append(.object(token))
    }
    return try Tokenizer(tokenizerJSON: [
      "model": ["type": "WordLevel", "unk_token": "?", "vocab": ["?": 0]], "added_tokens": .array(list),
    ])
  }

  /// By definition: at every place the longest of all tokens.
  static func expected(_ text: [UInt8], _ tokens: [[UInt8]]) -> [UInt32] {
    var ids: [UInt32] = []
    var index = 0
    var isInGap = false
    while index < text.count {
      var best: (id: Int, count: Int)?
      for (id, token) in tokens.enumerated()
      where text[index...].starts(with: token) && token.count > best?.count ?? 0 {
        best = (id, token.count)
      }
      if let best {
        ids.append(UInt32(best.id + 1))
        index += best.count
        isInGap = false
      } else {
        if !isInGap { ids.append(0) }
        isInGap = true
        index += 1
      }
    }
    return ids
  }

  @Test func manyTokensMatchByDefinition() throws {
    var random = SeededGenerator(seed: 17)
    func word(_ length: ClosedRange<Int>) -> String {
      String(
        (0..<Int.random(in: length, using: &random)).map { _ in "abcé".randomElement(using: &random) ?? "a" })
    }
    for count in [1, 3, 30, 3000] {
      let tokens = Array(Set((0..<count).map { _ in word(1...7) })).sorted()
      let tokenizer = try Self.tokenizer(tokens)
      let bytes = tokens.map { Array($0.utf8) }
      for _ in 0..<20 {
        let text = word(0...60) + " x " + word(0...60)
        #expect(
          tokenizer.encode(text, maximumLength: .max).ids == Self.expected(Array(text.utf8), bytes), "\(text)"
        )
      }
      #expect(try Tokenizer(encoded: tokenizer.encoded()) == tokenizer)
    }
  }

  @Test func singleWordsTouchNoWord() throws {
    let tokenizer = try Self.tokenizer(["word"], flags: ["single_word": true])
    func ids(_ text: String) -> [UInt32] { tokenizer.encode(text, maximumLength: .max).ids }
    #expect(ids("word") == [1])
    #expect(ids("a word, word") == [0, 1, 0, 1])
    #expect(ids("aword words word_ éword word2") == [0])
  }
}
