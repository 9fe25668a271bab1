/// Statistics of one layer's token scores S_l over the calibration texts.
///
/// S_l(j) = (1/H) Σ_h Σ_i A_{l,h}[i,j], the attention that token j receives in layer l (as in the code of PoWER-BERT
/// and of the length-adaptive transformer). Rows of A sum to one, so S has mean 1 over the tokens of every text and
/// layer: layers differ in the shape of the distribution only. Each statistic is computed per text, then averaged over
/// the texts.
public struct LayerImportance: Hashable, Sendable {
  /// Points of `deciles`: 0%, 10%, … 100%.
  public static let decileCount = 11
  /// Points of `cumulativeMass`: the top 0, 1/32, … 32/32 of the tokens.
  public static let massPointCount = 33

  /// ACC_l: the median of S_l over the tokens (our definition; the paper's text was not available).
  public let contextContribution: Double
  /// Deciles of S_l over the tokens, ascending; `decileCount` of them, linear between neighbours.
  public let deciles: [Double]
  /// Share of S_l held by the top i/32 of the tokens; `massPointCount` entries from 0 to 1, linear between
  /// tokens.
  public let cumulativeMass: [Double]

  package init(contextContribution: Double, deciles: [Double], cumulativeMass: [Double]) {
    self.contextContribution = contextContribution
    self.deciles = deciles
    self.cumulativeMass = cumulativeMass
  }

  /// The statistics of one text's scores.
  /// - Precondition: not empty, finite, not negative.
  package init(scores: [Float]) {
    precondition(!scores.isEmpty)
    let sorted = scores.map(Double.init).sorted()
    contextContribution = LayerImportance.quantile(0.5, ofSorted: sorted)
    deciles = (0..<LayerImportance.decileCount).map {
      LayerImportance.quantile(Double($0) / Double(LayerImportance.decileCount - 1), ofSorted: sorted)
    }
    cumulativeMass = LayerImportance.massCurve(ofSorted: sorted)
  }

  /// Linear between neighbours: position q·(n − 1) of n values in ascending order.
  private static func quantile(_ q: Double, ofSorted values: [Double]) -> Double {
    let position = q * Double(values.count - 1)
    let below = min(Int(position), values.count - 1)
    let above = min(below + 1, values.count - 1)
    return values[below] + (values[above] - values[below]) * (position - Double(below))
  }

  /// Scores that are all zero count as equal.
  private static func massCurve(ofSorted values: [Double]) -> [Double] {
    let total = values.reduce(0, +)
    var prefix = [0.0]
    prefix.reserveCapacity(values.count + 1)
    for value in values.reversed() {
      prefix.append(prefix[prefix.count - 1] + (total > 0 ? value / total : 1))
    }
    let scale = 1 / prefix[values.count]
    return (0..<massPointCount).map { point in
      if point == massPointCount - 1 { return 1 }
      let position = Double(point) / Double(massPointCount - 1) * Double(values.count)
      let below = Int(position)
      let share = prefix[below] + (prefix[below + 1] - prefix[below]) * (position - Double(below))
      return min(1, share * scale)
    }
  }
}
