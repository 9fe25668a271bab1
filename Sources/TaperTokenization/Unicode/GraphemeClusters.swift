/// Finds the borders of extended grapheme clusters (Unicode Standard Annex 29) in UTF-8.
struct GraphemeClusters {
  private var previous = ScalarClasses.Grapheme.other
  /// After a consonant and what may extend it; whether that has a linker.
  private var conjunct = Conjunct.none
  /// After a pictograph and what may extend it; whether that ends with a joiner.
  private var picture = Picture.none

  private enum Conjunct { case none, open, linked }
  private enum Picture { case none, open, joined }

  /// Where the cluster that begins at `start` ends, before `limit` or there.
  /// - Precondition: `bytes` is well-formed, `start` below `limit`, both between scalars.
  static func end(in bytes: [UInt8], from start: Int, limit: Int) -> Int {
    var clusters = GraphemeClusters()
    var (scalar, length) = UTF8Bytes.scalar(in: bytes, at: start)
    clusters.advance(ScalarClasses(scalar))
    var index = start + length
    while index < limit {
      (scalar, length) = UTF8Bytes.scalar(in: bytes, at: index)
      let next = ScalarClasses(scalar)
      guard clusters.joins(next) else { break }
      clusters.advance(next)
      index += length
    }
    return index
  }

  private func joins(_ next: ScalarClasses) -> Bool {
    let kind = next.grapheme
    switch previous {
    case .carriageReturn: return kind == .lineFeed
    case .lineFeed, .control: return false
    default: break
    }
    switch kind {
    case .carriageReturn, .lineFeed, .control: return false
    case .extend, .joiner, .spacingMark: return true
    default: break
    }
    switch (previous, kind) {
    case (.prepend, _): return true
    case (.leading, .leading), (.leading, .vowel), (.leading, .syllable), (.leading, .closedSyllable):
      return true
    case (.syllable, .vowel), (.syllable, .trailing), (.vowel, .vowel), (.vowel, .trailing): return true
    case (.closedSyllable, .trailing), (.trailing, .trailing): return true
    default: break
    }
    if next.conjunct == .consonant, conjunct == .linked { return true }
    return kind == .pictographic && picture == .joined
  }

  private mutating func advance(_ next: ScalarClasses) {
    previous = next.grapheme
    switch next.conjunct {
    case .none: conjunct = .none
    case .consonant: conjunct = .open
    case .linker: if conjunct == .open { conjunct = .linked }
    case .extend: break
    }
    switch next.grapheme {
    case .pictographic: picture = .open
    case .extend: if picture == .joined { picture = .none }
    case .joiner: picture = picture == .open ? .joined : .none
    default: picture = .none
    }
  }
}
