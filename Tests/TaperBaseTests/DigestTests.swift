import TaperBase
import Testing

struct DigestTests {
  @Test func hexReadsBack() {
    let digest = SHA256.digest(of: [1, 2, 3])
    #expect(Digest(hex: digest.hex) == digest)
    #expect(digest.hex.hasPrefix(digest.shortHex) && digest.shortHex.utf8.count == 16)
    for text in [
      "", String(digest.hex.dropLast()), digest.hex + "0", digest.hex.uppercased(),
      "g" + digest.hex.dropFirst(),
    ] {
      #expect(Digest(hex: text) == nil, "\(text)")
    }
  }
}
