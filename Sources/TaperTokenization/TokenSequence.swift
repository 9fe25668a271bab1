/// Tokens of one text, before truncation and template.
struct TokenSequence {
  private(set) var ids: [UInt32] = []
  private(set) var offsets: [TokenOffset] = []

  var count: Int { ids.count }

  @inline(__always)
  mutating func append(_ id: UInt32, _ offset: TokenOffset) {
    ids.append(id)
    offsets.append(offset)
  }

  mutating func removeLast(_ count: Int) {
    ids.removeLast(count)
    offsets.removeLast(count)
  }

  mutating func trim(_ index: Int, _ change: (TokenOffset) -> TokenOffset) {
    offsets[index] = change(offsets[index])
  }

  /// Keeps at most the first `count` tokens.
  mutating func truncate(to count: Int) {
    if count < self.count { removeLast(self.count - count) }
  }
}
