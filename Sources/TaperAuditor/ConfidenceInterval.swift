import Glibc

/// A 95% confidence interval.
public struct ConfidenceInterval: Hashable, Sendable {
  public let low: Double
  public let high: Double
  private static let z = 1.959963984540054

  public init(low: Double, high: Double) {
    self.low = low
    self.high = high
  }

  /// Of a proportion, by Wilson's score method. No trials: [0, 1].
  public static func proportion(_ successes: Int, of trials: Int) -> ConfidenceInterval {
    precondition(successes >= 0 && successes <= trials)
    guard trials > 0 else { return ConfidenceInterval(low: 0, high: 1) }
    let n = Double(trials)
    let p = Double(successes) / n
    let centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    let half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
    return ConfidenceInterval(
      low: successes == 0 ? 0 : max(0, centre - half), high: successes == trials ? 1 : min(1, centre + half))
  }

  /// Of Pearson's correlation, by Fisher's transformation. Fewer than four pairs: [−1, 1].
  public static func correlation(_ r: Double, count: Int) -> ConfidenceInterval {
    fisher(r, count: count, widening: 1)
  }

  private static func fisher(_ r: Double, count: Int, widening: Double) -> ConfidenceInterval {
    guard count > 3 else { return ConfidenceInterval(low: -1, high: 1) }
    guard abs(r) < 1 else { return ConfidenceInterval(low: r, high: r) }
    let half = z * widening / Double(count - 3).squareRoot()
    return ConfidenceInterval(low: tanh(atanh(r) - half), high: tanh(atanh(r) + half))
  }

  /// Of Spearman's correlation, by Fisher's transformation with the variance (1 + r²/2) / (n − 3) of Bonett and Wright
  /// (2000). Fewer than four pairs: [−1, 1].
  public static func rankCorrelation(_ r: Double, count: Int) -> ConfidenceInterval {
    fisher(r, count: count, widening: (1 + r * r / 2).squareRoot())
  }

  /// Of a mean, from the values' variance.
  public static func mean(of values: [Double]) -> ConfidenceInterval {
    let n = Double(values.count)
    let mean = values.reduce(0, +) / n
    guard values.count > 1 else { return ConfidenceInterval(low: mean, high: mean) }
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (n - 1)
    let half = z * (variance / n).squareRoot()
    return ConfidenceInterval(low: mean - half, high: mean + half)
  }
}
