public import TaperPlanFormat

/// A measured percentile with a 95% confidence interval by order statistics.
public struct PercentileEstimate: Hashable, Sendable {
  public let time: Nanoseconds
  /// Nil where the runs are too few to say.
  public let low: Nanoseconds?
  public let high: Nanoseconds?
}

/// Percentiles of measured times, by nearest rank: each is a time that was measured.
public struct TimePercentiles: Hashable, Sendable {
  public let runs: Int
  /// One for each of `Percentile.allCases`.
  private let estimates: [PercentileEstimate]

  public var p50: Nanoseconds { self[.p50].time }
  public var p90: Nanoseconds { self[.p90].time }
  public var p99: Nanoseconds { self[.p99].time }

  public subscript(percentile: Percentile) -> PercentileEstimate { estimates[Int(percentile.rawValue)] }

  /// - Precondition: not empty.
  public init(_ times: [Nanoseconds]) {
    let sorted = times.sorted()
    runs = times.count
    estimates = Percentile.allCases.map { percentile in
      let ranks = OrderStatistics.ranks(share: percentile.share, count: sorted.count)
      return PercentileEstimate(
        time: TimePercentiles.rank(percentile.share, ofSorted: sorted),
        low: ranks.low.map { sorted[$0 - 1] }, high: ranks.high.map { sorted[$0 - 1] })
    }
  }

  /// The smallest time that at least `share` of all are no longer than.
  static func rank(_ share: Double, ofSorted times: [Nanoseconds]) -> Nanoseconds {
    precondition(!times.isEmpty)
    let rank = (share * Double(times.count)).rounded(.up)
    return times[min(times.count - 1, max(0, Int(rank) - 1))]
  }
}
