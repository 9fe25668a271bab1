/// Tokens of one text, before truncation and template.
struct TokenSequence {
  private(set) var ids: [UInt32] = []
  private(set) var offsets: [TokenOffset] = []
  /// White space at the ends of the tokens' texts; kept only for post-processors that trim offsets.
  private(set) var edges: [TokenEdges] = []
  let keepsEdges: Bool

  init(keepsEdges: Bool) { self.keepsEdges = keepsEdges }

  var count: Int { ids.count }

  @inline(__always)
  mutating func append(_ id: UInt32, _ offset: TokenOffset, _ edges: TokenEdges = .none) {
    ids.append(id)
    offsets.append(offset)
    if keepsEdges { self.edges.append(edges) }
  }

  /// The edges of a text that becomes a token; none when they are not kept.
  @inline(__always)
  func edges(of bytes: [UInt8], _ range: Range<Int>) -> TokenEdges {
    keepsEdges ? TokenEdges(of: bytes[range]) : .none
  }

  /// Takes the edges of the tokens from `start` on from the vocabulary.
  mutating func setEdges(from start: Int, _ vocabulary: Vocabulary) {
    guard keepsEdges else { return }
    for index in start..<count { edges[index] = TokenEdges(of: vocabulary.bytes(of: ids[index])) }
  }

  mutating func removeLast(_ count: Int) {
    ids.removeLast(count)
    offsets.removeLast(count)
    if keepsEdges { edges.removeLast(count) }
  }

  /// Keeps at most `limit` tokens: the first ones, or the last ones.
  mutating func truncate(to limit: Int, from side: TruncationSide) {
    guard limit < count else { return }
    switch side {
    case .right: removeLast(count - limit)
    case .left:
      let surplus = count - limit
      ids.removeFirst(surplus)
      offsets.removeFirst(surplus)
      if keepsEdges { edges.removeFirst(surplus) }
    }
  }

  mutating func trim(_ trimming: OffsetTrimming) {
    for index in edges.indices where edges[index] != .none {
      offsets[index] = trimming.trim(offsets[index], edges[index], isFirst: index == 0)
    }
  }
}
