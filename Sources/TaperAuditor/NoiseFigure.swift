public import TaperPlanFormat

/// How steady the machine was during an audit: a fixed small computation (`NoiseProbe`), timed between chunks
/// of runs.
///
/// The probe has nothing to do with the plan, so what makes it vary is the machine: other processes, stolen
/// time, clock frequency, shared caches and memory. A plan's residual beside a steady probe is the
/// prediction's error; beside an unsteady one it may be either, and the verdict is `noisy`.
public struct NoiseFigure: Hashable, Sendable {
  /// The default for `bound`. Chosen at three times the usual tolerance of 5%: medians over many runs vary by
  /// less than single probes do.
  public static let defaultBound = 0.15

  public let probes: Int
  public let p10: Nanoseconds
  public let p50: Nanoseconds
  public let p90: Nanoseconds
  /// (p90 − p10) / p50.
  public let spread: Double
  /// Median of the last third of the probes / median of the first third − 1: slower (positive) or faster over
  /// time.
  public let drift: Double
  public let bound: Double
  public var isNoisy: Bool { spread > bound }

  /// - Precondition: at least one probe; times in the order measured.
  public init(probes times: [Nanoseconds], bound: Double) {
    precondition(!times.isEmpty)
    let sorted = times.sorted()
    probes = times.count
    p10 = TimePercentiles.rank(0.1, ofSorted: sorted)
    p50 = TimePercentiles.rank(0.5, ofSorted: sorted)
    p90 = TimePercentiles.rank(0.9, ofSorted: sorted)
    let median = Double(max(1, p50.rawValue))
    spread = (Double(p90.rawValue) - Double(p10.rawValue)) / median
    let third = max(1, times.count / 3)
    let first = TimePercentiles.rank(0.5, ofSorted: times.prefix(third).sorted())
    let last = TimePercentiles.rank(0.5, ofSorted: times.suffix(third).sorted())
    drift = Double(last.rawValue) / Double(max(1, first.rawValue)) - 1
    self.bound = bound
  }
}
