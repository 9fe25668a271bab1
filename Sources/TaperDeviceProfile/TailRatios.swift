public import TaperPlanFormat

/// How much longer than the median a run takes at each percentile, because of other work on the CPUs, interrupts and
/// slow phases while profiling. From samples of fixed work taken during the measurement; 1 on a perfect machine.
public struct TailRatios: Hashable, Sendable {
  public var p90: Double
  public var p99: Double
  public var p999: Double

  /// Ascending ratios of at least 1.
  public init(p90: Double, p99: Double, p999: Double) {
    self.p90 = p90
    self.p99 = p99
    self.p999 = p999
  }

  /// - Precondition: at least one time.
  public init(_ times: [UInt64]) {
    let sorted = times.sorted()
    func rank(_ share: Double) -> Double {
      Double(sorted[min(sorted.count - 1, max(0, Int((share * Double(sorted.count)).rounded(.up)) - 1))])
    }
    let median = max(1, rank(0.5))
    self.init(
      p90: max(1, rank(0.9) / median), p99: max(1, rank(0.99) / median), p999: max(1, rank(0.999) / median))
  }

  /// Time at the percentile over the median.
  public subscript(percentile: Percentile) -> Double {
    switch percentile {
    case .p50: 1
    case .p90: p90
    case .p99: p99
    case .p999: p999
    }
  }
}
