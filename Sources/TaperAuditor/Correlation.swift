/// Correlations of pairs of numbers.
public enum Correlation {
  /// Pearson's: −1 to 1; 0 when one side does not vary.
  public static func pearson(_ pairs: [(Double, Double)]) -> Double {
    let count = Double(pairs.count)
    let a = pairs.reduce(0) { $0 + $1.0 } / count
    let b = pairs.reduce(0) { $0 + $1.1 } / count
    var products = (ab: 0.0, aa: 0.0, bb: 0.0)
    for (x, y) in pairs {
      products.ab += (x - a) * (y - b)
      products.aa += (x - a) * (x - a)
      products.bb += (y - b) * (y - b)
    }
    let scale = (products.aa * products.bb).squareRoot()
    return scale > 0 ? min(1, max(-1, products.ab / scale)) : 0
  }

  /// Spearman's: Pearson's of the ranks, as scipy's `spearmanr`.
  public static func spearman(_ pairs: [(Double, Double)]) -> Double {
    pearson(Array(zip(ranks(pairs.map(\.0)), ranks(pairs.map(\.1)))))
  }

  /// From 1, ascending by value; equal values share the mean of their ranks.
  private static func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
      for place in start..<end { ranks[order[place]] = Double(start + 1 + end) / 2 }
      start = end
    }
    return ranks
  }
}
