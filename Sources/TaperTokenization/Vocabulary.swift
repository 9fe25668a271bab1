/// Tokens and their ids: the tokens' bytes end to end and an open-addressing hash table over them, so that loading makes
/// no string and looking up allocates nothing.
struct Vocabulary: Sendable {
  /// Token i is bytes[offsets[i]..<offsets[i + 1]].
  let bytes: [UInt8]
  let offsets: [UInt32]
  /// Slots of token index + 1; 0 for none. A power of two, at most half full.
  private let table: [UInt32]

  var count: Int { offsets.count - 1 }

  /// - Parameter offsets: ascending, from 0 to `bytes.count`; the id of a token is its index.
  /// - Returns: nil when two tokens are the same (empty ones aside: gaps in the ids).
  init?(bytes: [UInt8], offsets: [UInt32]) {
    var capacity = 16
    while capacity < offsets.count * 2 { capacity *= 2 }
    var table = [UInt32](repeating: 0, count: capacity)
    for index in 0..<offsets.count - 1 where offsets[index] < offsets[index + 1] {
      let token = bytes[Int(offsets[index])..<Int(offsets[index + 1])]
      var slot = Int(truncatingIfNeeded: Self.hash(token)) & (capacity - 1)
      while table[slot] != 0 {
        let other = Int(table[slot]) - 1
        if bytes[Int(offsets[other])..<Int(offsets[other + 1])].elementsEqual(token) { return nil }
        slot = (slot + 1) & (capacity - 1)
      }
      table[slot] = UInt32(index + 1)
    }
    self.bytes = bytes
    self.offsets = offsets
    self.table = table
  }

  /// The id of a token, or nil.
  func id(of token: ArraySlice<UInt8>) -> UInt32? {
    var slot = Int(truncatingIfNeeded: Self.hash(token)) & (table.count - 1)
    while table[slot] != 0 {
      let index = Int(table[slot]) - 1
      let (start, end) = (Int(offsets[index]), Int(offsets[index + 1]))
      if end - start == token.count, bytes[start..<end].elementsEqual(token) { return UInt32(index) }
      slot = (slot + 1) & (table.count - 1)
    }
    return nil
  }

  func id(of token: String) -> UInt32? { id(of: ArraySlice(token.utf8)) }

  /// The longest prefix of `word` that is a token, as its id and length.
  func longestPrefix(of word: ArraySlice<UInt8>) -> (id: UInt32, length: Int)? {
    var end = word.endIndex
    while end > word.startIndex {
      if end == word.endIndex || word[end] & 0xC0 != 0x80, let id = id(of: word[word.startIndex..<end]) {
        return (id, end - word.startIndex)
      }
      end -= 1
    }
    return nil
  }

  /// FNV-1a, finished with a multiply-xorshift so that low bits are well mixed.
  private static func hash(_ token: ArraySlice<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in token { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return (hash ^ (hash >> 32)) &* 0x9E37_79B9_7F4A_7C15 >> 20
  }
}
