import TaperTokenization
import Testing

/// The tokenizer against what the reference made of the same texts.
struct ReferenceTests {
  @Test(arguments: ["minilm", "mpnet", "tinybert", "cased", "lower", "odd"])
  func textsOfConfiguration(_ name: String) throws {
    let configuration = try Fixture.configuration(name)
    let tokenizer = try configuration.tokenizer()
    #expect(configuration.texts.count >= 40)
    for text in configuration.texts {
      let encoding = tokenizer.encode(text.text, pair: text.pair, maximumLength: text.maximum)
      #expect(encoding.truncated == text.truncated, "\(text.text.debugDescription)")
      #expect(
        Reference(encoding) == text.expected,
        "\(text.text.debugDescription) | \(String(reflecting: text.pair))")
    }
  }

  /// Every scalar between two letters: ids, types, offsets and normal form.
  @Test(arguments: [("minilm", 256), ("cased", 4096), ("lower", 4096)])
  func everyScalar(_ name: String, blockSize: Int) throws {
    let tokenizer = try Fixture.configuration(name).tokenizer()
    let digests = try Fixture.bytes("scalars-\(name).bin")
    #expect(digests.count == 4 * (0x110000 / blockSize))
    for block in 0..<(0x110000 / blockSize) {
      var crc = CRC32()
      for code in (block * blockSize)..<((block + 1) * blockSize) {
        guard let scalar = Unicode.Scalar(UInt32(code)) else { continue }
        let text = "a\(scalar)b"
        crc.update(tokenizer.encode(text, maximumLength: .max))
        crc.update(tokenizer.normalForm(text).bytes)
      }
      let expected = (0..<4).reduce(UInt32(0)) { $0 | UInt32(digests[4 * block + $1]) << (8 * UInt32($1)) }
      #expect(
        crc.value == expected, "scalars from U+\(String(block * blockSize, radix: 16, uppercase: true))")
    }
  }
}
