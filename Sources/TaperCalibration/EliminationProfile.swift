import Glibc

/// The share of tokens each layer keeps relative to the others: k_l in (0, 1], non-increasing over layers 1…L.
///
/// After LAT (Kachuee & Sharifkhani, arXiv 2201.03327); the paper's text was not available, so the definition is ours.
/// With ACC_l the layers' contributions and ACC'_l = ACC_l / max ACC, a least-squares line through (l, log
/// ACC'_l) has slope −b, and k_l = exp(−b·l). The intercept is dropped: the profile gives the shape, and the planner's
/// factor α the level.
///
/// Edge cases (ours): a contribution of zero has no logarithm and counts as `floor` times the largest. A rising line
/// (b < 0), a single layer, and contributions that are all zero give k_l = 1 for every layer.
public struct EliminationProfile: Hashable, Sendable {
  /// The smallest ACC'_l that enters the fit.
  public static let floor = 1e-6

  /// b, at least 0.
  public let decay: Double
  /// k_1 … k_L.
  public let retention: [Double]

  /// - Precondition: finite, not negative.
  public init(contributions: [Double]) {
    precondition(contributions.allSatisfy { $0.isFinite && $0 >= 0 })
    let largest = contributions.max() ?? 0
    var decay = 0.0
    if contributions.count > 1, largest > 0 {
      let logs = contributions.map { log(max($0 / largest, EliminationProfile.floor)) }
      let centre = Double(contributions.count + 1) / 2
      let mean = logs.reduce(0, +) / Double(logs.count)
      var covariance = 0.0
      var variance = 0.0
      for (index, value) in logs.enumerated() {
        let distance = Double(index + 1) - centre
        covariance += distance * (value - mean)
        variance += distance * distance
      }
      decay = max(0, -covariance / variance)
    }
    self.init(decay: decay, layers: contributions.count)
  }

  /// The profile of a given decay, whatever the contributions: k_l = exp(−b·l).
  ///
  /// - Precondition: `decay` is finite and not negative.
  public init(decay: Double, layers: Int) {
    precondition(decay.isFinite && decay >= 0)
    self.decay = decay
    retention = (1...max(1, layers)).prefix(layers).map {
      max(exp(-decay * Double($0)), .leastNormalMagnitude)
    }
  }
}
