package import TaperCalibration

/// The average over a calibration's texts of something known by length; texts longer than the plan's longest input are
/// cut.
package struct LengthAverage: Sendable {
  /// Share of the texts by length, ascending; sums to 1. Empty without texts.
  private let shares: [(length: Int, share: Double)]

  package init(_ lengths: [LengthCount], maximumLength: Int) {
    var counts = [Int](repeating: 0, count: maximumLength + 1)
    for length in lengths { counts[min(length.tokens, maximumLength)] += length.count }
    let total = Double(counts.reduce(0, +))
    shares = counts.indices.filter { counts[$0] > 0 }.map { ($0, Double(counts[$0]) / total) }
  }

  package func callAsFunction(_ value: (_ length: Int) -> UInt64) -> Double {
    shares.reduce(0) { $0 + $1.share * Double(value($1.length)) }
  }
}

extension [LengthCount] {
  /// The longest length of which something is known: a quarter more than at least one text in a hundred has. All,
  /// without texts.
  package var coveredLength: Int {
    let total = reduce(0) { $0 + $1.count }
    guard total > 0 else { return .max }
    var reaching = 0
    for length in sorted(by: { $0.tokens > $1.tokens }) {
      reaching += length.count
      if reaching * 100 >= total { return length.tokens * 5 / 4 }
    }
    return 0
  }
}
