/// The 95% confidence interval of a proportion, by Wilson's score method (1927); sound for few trials and
/// near 0 and 1.
public struct WilsonInterval: Hashable, Sendable {
  public let low: Double
  public let high: Double

  /// - Precondition: 0 ≤ successes ≤ trials; trials may be 0, which gives [0, 1].
  public init(successes: Int, trials: Int) {
    precondition(successes >= 0 && successes <= trials)
    guard trials > 0 else {
      low = 0
      high = 1
      return
    }
    let z = 1.959963984540054
    let n = Double(trials)
    let p = Double(successes) / n
    let centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    let half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
    low = successes == 0 ? 0 : max(0, centre - half)
    high = successes == trials ? 1 : min(1, centre + half)
  }
}
