/// Tokens and their ids: one blob of UTF-8 and a hash table of ids, stored ready to use.
///
/// Loading a plan copies three arrays; a dictionary would have to be filled with 30,522 strings at each start. The
/// table has at least twice as many slots as tokens and uses linear probing. The hash (FNV-1a) extends byte by byte, so
/// one pass over a word gives the hashes of all its prefixes, as the greedy longest match needs them.
struct Vocabulary: Hashable, Sendable {
  /// Token `id` is `blob[starts[id]..<starts[id + 1]]`; ids without a token are empty.
  let blob: [UInt8]
  /// One more than there are ids, ascending.
  let starts: [UInt32]
  /// id + 1, or 0 for a free slot. The count is a power of two.
  let slots: [UInt32]
  /// Length in bytes of the longest token.
  let longest: Int

  static let initialHash: UInt32 = 2_166_136_261
  /// Limits: a file with more ids or bytes is treated as damaged.
  static let maximumCount = 1 << 22
  static let maximumBytes = 1 << 28

  /// - Parameter tokens: by id; empty for an id without a token. The last of equal tokens wins.
  init(tokens: [[UInt8]]) throws(TokenizerError) {
    let size = tokens.reduce(0) { $0 + $1.count }
    if tokens.count > Self.maximumCount {
      throw .tooLarge(
        what: "the vocabulary's highest id", found: tokens.count - 1, limit: Self.maximumCount - 1)
    }
    if size > Self.maximumBytes {
      throw .tooLarge(what: "the vocabulary's size in bytes", found: size, limit: Self.maximumBytes)
    }
    var blob: [UInt8] = []
    blob.reserveCapacity(size)
    var starts: [UInt32] = [0]
    starts.reserveCapacity(tokens.count + 1)
    for token in tokens {
      blob += token
      starts.append(UInt32(blob.count))
    }
    var slots = [UInt32](repeating: 0, count: Self.slotCount(tokens.count))
    for (id, token) in tokens.enumerated() where !token.isEmpty {
      let hash = token.reduce(Self.initialHash, Self.extend)
      var slot = Self.slot(hash, slots.count)
      while slots[slot] != 0, tokens[Int(slots[slot]) - 1] != token { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = UInt32(id) + 1
    }
    self.init(blob: blob, starts: starts, slots: slots)
  }

  /// - Precondition: the arrays keep the invariants above (`Tokenizer(encoded:)` checks them).
  init(blob: [UInt8], starts: [UInt32], slots: [UInt32]) {
    self.blob = blob
    self.starts = starts
    self.slots = slots
    var longest: UInt32 = 0
    for id in 0..<(starts.count - 1) { longest = max(longest, starts[id + 1] &- starts[id]) }
    self.longest = Int(longest)
  }

  /// One more than the highest id.
  var count: Int { starts.count - 1 }

  /// Slots for `tokens` tokens: a power of two, at most half of them used.
  static func slotCount(_ tokens: Int) -> Int {
    var count = 16
    while count < 2 * tokens { count *= 2 }
    return count
  }

  @inline(__always)
  static func extend(_ hash: UInt32, _ byte: UInt8) -> UInt32 { (hash ^ UInt32(byte)) &* 16_777_619 }

  @inline(__always)
  static func slot(_ hash: UInt32, _ slotCount: Int) -> Int { Int(hash ^ hash >> 15) & (slotCount - 1) }

  /// The bytes of token `id`; empty when there is none.
  func bytes(of id: UInt32) -> ArraySlice<UInt8> {
    guard id < count else { return [] }
    return blob[Int(starts[Int(id)])..<Int(starts[Int(id) + 1])]
  }

  /// The id of a token.
  func id(of token: [UInt8]) -> UInt32? {
    guard !token.isEmpty else { return nil }
    return id(prefix: [], token, 0..<token.count, hash: token.reduce(Self.initialHash, Self.extend))
  }

  /// The id of the token `bytes[range]`; the range is not empty.
  func id(_ bytes: [UInt8], _ range: Range<Int>) -> UInt32? {
    guard range.count <= longest else { return nil }
    var hash = Self.initialHash
    for index in range { hash = Self.extend(hash, bytes[index]) }
    return id(prefix: [], bytes, range, hash: hash)
  }

  /// Of each byte, the token that SentencePiece writes it as: "<0x0A>".
  var byteTokens: [UInt32?] {
    let digits = Array("0123456789ABCDEF".utf8)
    return (0..<256).map { byte in
      id(of: Array("<0x".utf8) + [digits[byte >> 4], digits[byte & 15]] + Array(">".utf8))
    }
  }

  /// A trie of all tokens. Of equal tokens the last one counts.
  func trie() -> ByteTrie {
    var strings: [[UInt8]] = []
    var ids: [UInt32] = []
    for id in 0..<UInt32(count) {
      let token = Array(bytes(of: id))
      guard !token.isEmpty, self.id(of: token) == id else { continue }
      strings.append(token)
      ids.append(id)
    }
    return ByteTrie(strings, numbers: ids)
  }

  /// The id of the token `prefix` + `bytes[range]` with the given hash. Complexity: O(length),
  /// expected.
  func id(prefix: [UInt8], _ bytes: [UInt8], _ range: Range<Int>, hash: UInt32) -> UInt32? {
    let length = prefix.count + range.count
    var slot = Self.slot(hash, slots.count)
    // Bounded: a table from a file may have no free slot.
    for _ in 0..<slots.count {
      let entry = Int(slots[slot])
      if entry == 0 { return nil }
      let start = Int(starts[entry - 1])
      if Int(starts[entry]) - start == length, matches(at: start, prefix, bytes, range) {
        return UInt32(entry - 1)
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  @inline(__always)
  private func matches(at start: Int, _ prefix: [UInt8], _ bytes: [UInt8], _ range: Range<Int>) -> Bool {
    var position = start
    for byte in prefix {
      if blob[position] != byte { return false }
      position += 1
    }
    for index in range {
      if blob[position] != bytes[index] { return false }
      position += 1
    }
    return true
  }
}
