import TaperBase
import TestSupport
import Testing

/// FIPS 180-4 examples and NIST's long-message vector.
@Suite struct SHA256Tests {
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
  ])
  func vectors(_ message: String, _ digest: String) {
    #expect(SHA256.digest(of: Array(message.utf8)).hex == digest)
  }

  @Test func aMillionTimesA() {
    let digest = SHA256.digest(of: [UInt8](repeating: 0x61, count: 1_000_000))
    #expect(digest.hex == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    #expect(digest.shortHex == "cdc76e5c9914fb92")
  }

  @Test func anyCutIntoPiecesGivesTheSameDigest() {
    var random = SeededGenerator(seed: 7)
    for size in 0..<260 {
      let message = (0..<size).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      var hash = SHA256()
      var at = 0
      while at < size {
        let end = min(size, at + 1 + Int(random.next() % 90))
        unsafe message[at..<end].withUnsafeBytes { unsafe hash.update($0) }
        at = end
      }
      #expect(hash.finalize() == SHA256.digest(of: message), "size \(size)")
    }
  }
}
