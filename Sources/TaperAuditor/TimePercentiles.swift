public import TaperPlanFormat

/// Percentiles of measured times, by nearest rank: each is a time that was measured.
public struct TimePercentiles: Hashable, Sendable {
  public let runs: Int
  public let p50: Nanoseconds
  public let p90: Nanoseconds
  public let p99: Nanoseconds

  /// - Precondition: not empty.
  public init(_ times: [Nanoseconds]) {
    let sorted = times.sorted()
    runs = times.count
    p50 = TimePercentiles.rank(0.5, ofSorted: sorted)
    p90 = TimePercentiles.rank(0.9, ofSorted: sorted)
    p99 = TimePercentiles.rank(0.99, ofSorted: sorted)
  }

  /// The smallest time that at least `share` of all are no longer than.
  static func rank(_ share: Double, ofSorted times: [Nanoseconds]) -> Nanoseconds {
    precondition(!times.isEmpty)
    let rank = (share * Double(times.count)).rounded(.up)
    return times[min(times.count - 1, max(0, Int(rank) - 1))]
  }
}
