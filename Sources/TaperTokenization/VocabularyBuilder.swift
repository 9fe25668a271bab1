/// Collects tokens by id in any order.
struct VocabularyBuilder {
  static let maximumCount = 1 << 20
  static let maximumTokenBytes = 1 << 10

  private var tokens: [[UInt8]] = []
  private var filled: [Bool] = []

  mutating func add(_ token: [UInt8], id: Int) throws(TokenizerError) {
    guard (0..<Self.maximumCount).contains(id) else {
      throw .tooLarge(what: "vocabulary id", limit: Self.maximumCount - 1, found: id)
    }
    guard token.count <= Self.maximumTokenBytes else {
      throw .tooLarge(what: "bytes of token \(id)", limit: Self.maximumTokenBytes, found: token.count)
    }
    if id >= tokens.count {
      tokens.append(contentsOf: repeatElement([], count: id + 1 - tokens.count))
      filled.append(contentsOf: repeatElement(false, count: id + 1 - filled.count))
    }
    guard !filled[id] else { throw .duplicate("id \(id)") }
    tokens[id] = token
    filled[id] = true
  }

  consuming func build() throws(TokenizerError) -> Vocabulary {
    var bytes: [UInt8] = []
    var offsets: [UInt32] = [0]
    offsets.reserveCapacity(tokens.count + 1)
    for token in tokens {
      bytes += token
      offsets.append(UInt32(bytes.count))
    }
    guard let vocabulary = Vocabulary(bytes: bytes, offsets: offsets) else { throw .duplicate("a token") }
    return vocabulary
  }
}
