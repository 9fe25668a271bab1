import Glibc

/// Confidence intervals of percentiles from ranks alone, whatever the distribution (David, Nagaraja: Order Statistics,
/// section 7.1): of n samples, the number at most the true percentile is binomial.
enum OrderStatistics {
  /// Ranks (from 1) of the two samples between which the percentile lies with at least 95%; nil on a side where even
  /// the extreme sample does not bound it so.
  ///
  /// - Complexity: O(n).
  static func ranks(share: Double, count: Int) -> (low: Int?, high: Int?) {
    var low: Int?
    var high: Int?
    // P(fewer than k of n are at most the percentile), and the logarithm of P(exactly k are).
    var below = 0.0
    var exactly = Double(count) * log1p(-share)
    for k in 0...count {
      if k > 0 {
        // Sample k is above the percentile with P(fewer than k).
        if below <= 0.025 { low = k }
        if high == nil, 1 - below <= 0.025 { high = k }
      }
      below += exp(exactly)
      exactly += log(Double(count - k) / Double(k + 1) * share / (1 - share))
    }
    return (low, high)
  }
}
