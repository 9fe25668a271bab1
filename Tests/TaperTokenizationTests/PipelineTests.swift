import TaperJSON
import TaperTokenization
import TestSupport
import Testing

/// Tokenizers of every kind against what the reference made of the same texts, read from tokenizer.json and from their
/// binary form.
struct PipelineTests {
  struct Text {
    var text: String
    var pair: String?
    var maximum: Int
    var side: TruncationSide
  }

  /// What tools/reference/make-pipeline-fixtures.py writes.
  struct File {
    var texts: [Text]
    var configurations: [(name: String, tokenizer: JSONValue, digests: [Int])]

    init() throws {
      let json = try JSONValue.parse(try Fixture.bytes("pipelines.json"))
      texts = try (json["texts"]?.array ?? []).map { item in
        guard let text = item["text"]?.string, let maximum = item["maximum"]?.int else {
          throw Fixture.Missing(what: "a text")
        }
        return Text(
          text: text, pair: item["pair"]?.string, maximum: maximum,
          side: item["side"]?.string == "left" ? .left : .right)
      }
      configurations = try (json["configurations"]?.array ?? []).map { item in
        guard let name = item["name"]?.string, let tokenizer = item["tokenizer"] else {
          throw Fixture.Missing(what: "a configuration")
        }
        return (name, tokenizer, (item["digests"]?.array ?? []).compactMap(\.int))
      }
    }

    func tokenizer(_ name: String) throws -> Tokenizer {
      guard let found = configurations.first(where: { $0.name == name }) else {
        throw Fixture.Missing(what: name)
      }
      return try Tokenizer(tokenizerJSON: found.tokenizer)
    }
  }

  static func digest(_ tokenizer: Tokenizer, _ encoding: Encoding, _ texts: [String]) -> Int {
    var crc = CRC32()
    crc.update(encoding)
    for text in texts { crc.update(tokenizer.normalForm(text).bytes) }
    return Int(crc.value)
  }

  @Test func textsOfConfigurations() throws {
    let file = try File()
    #expect(file.texts.count >= 80)
    #expect(file.configurations.count >= 40)
    for (name, json, digests) in file.configurations {
      #expect(digests.count == file.texts.count)
      let read = try Tokenizer(tokenizerJSON: json)
      let bytes = read.encoded()
      let decoded = try Tokenizer(encoded: bytes)
      #expect(decoded == read, "\(name)")
      #expect(decoded.encoded() == bytes, "\(name)")
      for (number, text) in file.texts.enumerated() {
        var tokenizer = number % 2 == 0 ? read : decoded
        tokenizer.truncationSide = text.side
        let encoding = tokenizer.encode(text.text, pair: text.pair, maximumLength: text.maximum)
        #expect(
          Self.digest(tokenizer, encoding, [text.text] + (text.pair.map { [$0] } ?? [])) == digests[number],
          "\(name), text \(number): \(text.text.debugDescription)")
      }
    }
  }

  /// Every scalar among others.
  @Test func everyScalar() throws {
    let file = try File()
    let blockSize = 4096
    let scalars = try JSONValue.parse(try Fixture.bytes("scalars-pipelines.json")).object
    for (name, digests) in try #require(scalars).members {
      let tokenizer = try file.tokenizer(name)
      let expected = (digests.array ?? []).compactMap(\.int)
      #expect(expected.count == 0x110000 / blockSize)
      for block in expected.indices {
        var crc = CRC32()
        for first in stride(from: block * blockSize, to: (block + 1) * blockSize, by: 16) {
          let text = (first..<(first + 16)).compactMap { Unicode.Scalar(UInt32($0)) }
            .map { "a\($0)b \($0)\u{301}\u{200D}\($0)" }.joined()
          let number = Self.digest(tokenizer, tokenizer.encode(text, maximumLength: .max), [text])
          let digits = String(number, radix: 16)
          crc.update(Array((String(repeating: "0", count: 8 - digits.count) + digits).utf8))
        }
        #expect(
          Int(crc.value) == expected[block],
          "\(name), scalars from U+\(String(block * blockSize, radix: 16, uppercase: true))")
      }
    }
  }

  @Test func damagedBytesAreSurvived() throws {
    let file = try File()
    for name in ["llama3", "debertav2", "gemma", "suffix", "stripped", "split-isolated", "bytes", "whole"] {
      let bytes = try file.tokenizer(name).encoded()
      var refused = 0
      var used = 0
      var random = SeededGenerator(seed: 7)
      for _ in 0..<400 {
        var damaged = bytes
        // Most of the bytes are tables; the beginning says how to read them.
        let reach = Bool.random(using: &random) ? min(200, bytes.count) : bytes.count
        for _ in 0...Int.random(in: 0..<3, using: &random) {
          damaged[Int.random(in: 0..<reach, using: &random)] = UInt8.random(in: .min ... .max, using: &random)
        }
        if let tokenizer = try? Tokenizer(encoded: damaged) {
          used += tokenizer.encode("Ĥello  wörld 12 \u{1F600}e\u{301}", maximumLength: 30).ids.count
        } else {
          refused += 1
        }
      }
      #expect(refused > 0 && used > 0, "\(name)")
      for count in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 200)) {
        #expect(throws: TokenizerError.self) { try Tokenizer(encoded: Array(bytes[..<count])) }
      }
    }
  }
}
