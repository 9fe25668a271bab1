public import TaperPlanFormat

/// Percentiles of a repeated measurement.
public struct TimeDistribution: Hashable, Sendable {
  public var samples: Int
  public var p10: Nanoseconds
  public var p50: Nanoseconds
  public var p90: Nanoseconds
  public var p99: Nanoseconds

  public init(samples: Int, p10: Nanoseconds, p50: Nanoseconds, p90: Nanoseconds, p99: Nanoseconds) {
    self.samples = samples
    self.p10 = p10
    self.p50 = p50
    self.p90 = p90
    self.p99 = p99
  }

  /// Always the same time, as on the synthetic device.
  public init(exactly time: Nanoseconds, samples: Int = 1) {
    self.init(samples: samples, p10: time, p50: time, p90: time, p99: time)
  }

  /// Percentiles by nearest rank: p of k sorted samples is number ceil(p·k).
  /// - Precondition: at least one sample.
  public init(_ samples: [UInt64]) {
    precondition(!samples.isEmpty)
    let sorted = samples.sorted()
    func rank(_ percent: Int) -> Nanoseconds {
      Nanoseconds(sorted[(percent * sorted.count + 99) / 100 - 1])
    }
    self.init(samples: sorted.count, p10: rank(10), p50: rank(50), p90: rank(90), p99: rank(99))
  }
}
