public import TaperPlanFormat

/// Why a target cannot be reached: the best there is, at which input length, and what limits it.
public struct PlanningDiagnostic: Hashable, Sendable {
  public var target: PlanningTarget
  /// The input length that cannot meet the target.
  public var length: Int
  /// The least predicted time at that length, over every schedule of the method; at the target's percentile, as
  /// `dense`.
  public var best: Nanoseconds
  /// The percentile that `best` and `dense` are at over the median; 1 for a target of medians.
  public var overMedian: Double
  /// The dense plan's predicted time at that length.
  public var dense: Nanoseconds
  /// The least average over the calibration's lengths, when that is what cannot be met.
  public var bestAverage: Nanoseconds?
  /// The greatest speedup at that length, in time or in work as the target asks.
  public var bestSpeedup: Double
  /// Layers of the plan that reaches the best, when the method gives up layers; nil when it gives up tokens.
  public var bestDepth: Int?
  /// The schedule that reaches the best: T(1)…T(L).
  public var bestKeepCounts: [Int]
  /// Weights streamed at the best schedule, and the predicted time of the ops that read them.
  public var weightTraffic: Bytes
  public var weightTime: Nanoseconds

  /// The one of several limits that is missed; nil for a target that sets none to times.
  public var missedLimit: TimeLimits? {
    guard let limits = target.limits else { return nil }
    if bestAverage != nil, let average = limits.average { return TimeLimits(average: average) }
    let step = limits.steps.first { length <= $0.maximumLength }
    return TimeLimits(step.map { [$0] } ?? [], at: limits.percentile)
  }
}
