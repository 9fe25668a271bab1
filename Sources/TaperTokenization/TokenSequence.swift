/// Tokens of one text, before truncation and template.
struct TokenSequence {
  private(set) var ids: [UInt32] = []
  private(set) var offsets: [TokenOffset] = []
  /// White space at the ends of the texts of tokens that are not spelt as in the vocabulary, by ascending index; kept
  /// only for post-processors that trim offsets.
  private var edges: [(index: Int, edges: TokenEdges)] = []
  private let keepsEdges: Bool

  init(keepsEdges: Bool) { self.keepsEdges = keepsEdges }

  var count: Int { ids.count }

  /// Appends a token that is spelt as in the vocabulary.
  @inline(__always)
  mutating func append(_ id: UInt32, _ offset: TokenOffset) {
    ids.append(id)
    offsets.append(offset)
  }

  /// Appends a token that stands for `bytes[range]`.
  mutating func append(_ id: UInt32, _ offset: TokenOffset, text bytes: [UInt8], _ range: Range<Int>) {
    if keepsEdges { edges.append((count, TokenEdges(of: bytes[range]))) }
    append(id, offset)
  }

  mutating func removeLast(_ count: Int) {
    ids.removeLast(count)
    offsets.removeLast(count)
    while let last = edges.last, last.index >= self.count { edges.removeLast() }
  }

  /// Keeps at most `limit` tokens: the first ones, or the last ones.
  mutating func truncate(to limit: Int, from side: TruncationSide) {
    guard limit < count else { return }
    let surplus = count - limit
    switch side {
    case .right: removeLast(surplus)
    case .left:
      ids.removeFirst(surplus)
      offsets.removeFirst(surplus)
      edges = edges.compactMap { $0.index < surplus ? nil : ($0.index - surplus, $0.edges) }
    }
  }

  /// - Parameter vocabulary: has the texts of the tokens whose edges are not kept; nil: they have no edges.
  mutating func trim(_ trimmings: [OffsetTrimming], _ vocabulary: Vocabulary?) {
    guard !trimmings.isEmpty else { return }
    var next = 0
    for index in ids.indices {
      var edges = TokenEdges.none
      if next < self.edges.count, self.edges[next].index == index {
        edges = self.edges[next].edges
        next += 1
      } else if let vocabulary {
        edges = TokenEdges(of: vocabulary.bytes(of: ids[index]))
      }
      if edges == .none { continue }
      for trimming in trimmings { offsets[index] = trimming.trim(offsets[index], edges, isFirst: index == 0) }
    }
  }
}
