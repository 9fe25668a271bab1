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

  /// The tokens of a range alone.
  /// - Complexity: O(length of the range), plus O(log n) to find its edges.
  func slice(_ range: Range<Int>) -> TokenSequence {
    var slice = TokenSequence(keepsEdges: keepsEdges)
    slice.ids = Array(ids[range])
    slice.offsets = Array(offsets[range])
    var place = edges.count
    var low = 0
    while low < place {
      let middle = (low + place) / 2
      if edges[middle].index < range.lowerBound { low = middle + 1 } else { place = middle }
    }
    while place < edges.count, edges[place].index < range.upperBound {
      slice.edges.append((edges[place].index - range.lowerBound, edges[place].edges))
      place += 1
    }
    return slice
  }

  func followed(by other: TokenSequence) -> TokenSequence {
    var joined = self
    joined.ids += other.ids
    joined.offsets += other.offsets
    joined.edges += other.edges.map { ($0.index + count, $0.edges) }
    return joined
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
