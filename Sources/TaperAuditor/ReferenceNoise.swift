public import TaperPlanFormat

/// How steady the machine was during an audit, a benchmark or a race: two fixed pieces of work (`ReferenceKernels`),
/// timed between chunks of runs.
///
/// They do not depend on the plan, so what makes them vary is the machine: other processes, stolen time, clock
/// frequency, shared caches and memory. With steady references a plan's residual is the prediction's error; with
/// unsteady ones it may be either, and the verdict is `noisy`.
///
/// Not the same as `ProfileNoise` in a device profile, which also covers the profiled kernels themselves and measures
/// the spread upwards only (p90 / p50 − 1).
public struct ReferenceNoise: Hashable, Sendable {
  /// The default for `bound`: three times the usual tolerance of 5%, as medians over many runs vary less than single
  /// samples do.
  public static let defaultBound = 0.15

  /// How one series of times varied.
  public struct Series: Hashable, Sendable {
    public let p10: Nanoseconds
    public let p50: Nanoseconds
    public let p90: Nanoseconds
    /// (p90 − p10) / p50.
    public let spread: Double
    /// Median of the last third / median of the first third − 1: slower (positive) or faster over time.
    public let drift: Double

    /// - Precondition: at least one; times in the order measured.
    public init(_ times: [Nanoseconds]) {
      precondition(!times.isEmpty)
      let sorted = times.sorted()
      p10 = TimePercentiles.rank(0.1, ofSorted: sorted)
      p50 = TimePercentiles.rank(0.5, ofSorted: sorted)
      p90 = TimePercentiles.rank(0.9, ofSorted: sorted)
      let median = Double(max(1, p50.rawValue))
      spread = (Double(p90.rawValue) - Double(p10.rawValue)) / median
      let third = max(1, times.count / 3)
      let first = TimePercentiles.rank(0.5, ofSorted: times.prefix(third).sorted())
      let last = TimePercentiles.rank(0.5, ofSorted: times.suffix(third).sorted())
      drift = Double(last.rawValue) / Double(max(1, first.rawValue)) - 1
    }
  }

  public let probes: Int
  public let compute: Series
  public let bandwidth: Series
  /// Both together.
  public let sum: Series
  public let bound: Double

  /// - Precondition: at least one probe; times in the order measured.
  public init(probes times: [ReferenceTimes], bound: Double) {
    probes = times.count
    compute = Series(times.map(\.compute))
    bandwidth = Series(times.map(\.bandwidth))
    sum = Series(times.map(\.sum))
    self.bound = bound
  }

  public var p10: Nanoseconds { sum.p10 }
  public var p50: Nanoseconds { sum.p50 }
  public var p90: Nanoseconds { sum.p90 }
  /// The larger of the two.
  public var spread: Double { max(compute.spread, bandwidth.spread) }
  /// The larger of the two in size.
  public var drift: Double {
    abs(compute.drift) >= abs(bandwidth.drift) ? compute.drift : bandwidth.drift
  }
  public var isNoisy: Bool { spread > bound }
}
