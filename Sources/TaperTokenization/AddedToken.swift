/// A token that is split off the text before anything else happens to it, such as [CLS] or <mask>.
struct AddedToken: Hashable, Sendable {
  var id: UInt32
  var content: [UInt32]
  /// Looked for in the normalised text instead of the raw one.
  var isNormalized: Bool
  /// Takes the white space before it along.
  var stripsLeft: Bool
  var stripsRight: Bool
  /// Only where no word character stands beside it.
  var isSingleWord: Bool
  var isSpecial: Bool

  /// Splits `scalars` at the added tokens in it, leftmost first, the longest of those that start at one place.
  ///
  /// Calls `text` with each stretch between and `token` with each match: the range it covers, and the same without the
  /// white space it took along.
  static func split(
    _ scalars: ArraySlice<UInt32>, _ tokens: [AddedToken], text: (Range<Int>) -> Void,
    token: (_ token: AddedToken, _ range: Range<Int>, _ stripped: Range<Int>) -> Void
  ) {
    var start = scalars.startIndex
    var place = start
    while place < scalars.endIndex {
      var best: AddedToken?
      for candidate in tokens
      where candidate.content.count > best?.content.count ?? 0
        && scalars[place...].starts(with: candidate.content)
        && candidate.mayStand(at: place, in: scalars)
      {
        best = candidate
      }
      guard let best else {
        place += 1
        continue
      }
      let stripped = place..<place + best.content.count
      var range = stripped
      if best.stripsLeft {
        var begin = range.lowerBound
        while begin > start, ScalarProperties(scalars[begin - 1]).isWhiteSpace { begin -= 1 }
        range = begin..<range.upperBound
      }
      if best.stripsRight {
        var end = range.upperBound
        while end < scalars.endIndex, ScalarProperties(scalars[end]).isWhiteSpace { end += 1 }
        range = range.lowerBound..<end
      }
      if start < range.lowerBound { text(start..<range.lowerBound) }
      token(best, range, stripped)
      start = range.upperBound
      place = start
    }
    if start < scalars.endIndex { text(start..<scalars.endIndex) }
  }

  private func mayStand(at place: Int, in scalars: ArraySlice<UInt32>) -> Bool {
    guard isSingleWord else { return true }
    let end = place + content.count
    return (place == scalars.startIndex || !Self.isWordScalar(scalars[place - 1]))
      && (end == scalars.endIndex || !Self.isWordScalar(scalars[end]))
  }

  private static func isWordScalar(_ scalar: UInt32) -> Bool {
    let properties = ScalarProperties(scalar)
    return scalar == 0x5F || !(properties.isWhiteSpace || properties.isPunctuation || properties.isDropped)
  }
}
