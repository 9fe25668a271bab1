import Foundation
import TaperJSON
import TaperTokenization
import Testing

/// The tokenizer of a real model against the reference; tools/reference/check-tokenizer.sh gives it both.
struct FullSizeCheck {
  static let environment = ProcessInfo.processInfo.environment

  @Test(.enabled(if: environment["TAPER_TOKENIZER_TEXTS"] != nil, "run tools/reference/check-tokenizer.sh"))
  func fullSizeModel() throws {
    let model = URL(filePath: try #require(Self.environment["TAPER_TOKENIZER_MODEL"]))
    let texts = URL(filePath: try #require(Self.environment["TAPER_TOKENIZER_TEXTS"]))
    let json = try JSONValue.parse(Array(try Data(contentsOf: model.appending(path: "tokenizer.json"))))
    var tokenizers = [try Tokenizer(tokenizerJSON: json)]
    tokenizers.append(try Tokenizer(encoded: tokenizers[0].encoded()))
    if let vocabulary = try? Data(contentsOf: model.appending(path: "vocab.txt")) {
      tokenizers.append(try Tokenizer(vocabulary: Array(vocabulary), lowercase: true))
    }
    let clock = ContinuousClock()
    var time = Duration.zero
    var count = 0
    var tokens = 0
    var mismatches = 0
    for line in try Data(contentsOf: texts).split(separator: UInt8(ascii: "\n")) {
      let job = try JSONValue.parse(Array(line))
      let text = try #require(job["text"]?.string)
      for index in tokenizers.indices {
        tokenizers[index].allowsSpecialTokensInText = job["allows"]?.bool ?? true
        let start = clock.now
        let encoding = tokenizers[index].encode(
          text, pair: job["pair"]?.string, maximumLength: job["maximum"]?.int ?? 0)
        time += clock.now - start
        var crc = CRC32()
        crc.update(encoding)
        if Int(crc.value) != job["digest"]?.int {
          mismatches += 1
          if mismatches <= 5 {
            Issue.record(
              "tokenizer \(index), text \(count): \(line.count) bytes: \(text.prefix(300).debugDescription)")
          }
        }
        tokens += encoding.ids.count
      }
      count += 1
    }
    #expect(mismatches == 0)
    let encodedTokenizer = tokenizers[0].encoded()
    let loading = try clock.measure { _ = try Tokenizer(encoded: encodedTokenizer) }
    print(
      "loading \(encodedTokenizer.count) bytes: \(loading); \(time / max(count * tokenizers.count, 1)) a text"
    )
    print("\(count) texts, \(tokenizers.count) tokenizers each, \(tokens) tokens, \(mismatches) mismatches")
    print("\(Int(Double(tokens) / (time / .seconds(1)))) tokens/s")
  }
}
