internal import TaperCostModel
public import TaperPlanFormat
public import TaperPlanner

/// How much room a deadline at a percentile leaves over the predicted median.
public struct PercentileMargin: Hashable, Sendable {
  public var percentile: Percentile
  /// The percentile over the median, as the device profile has it: at least 1.
  public var overMedian: Double
}

extension PlanCompiler {
  /// Nil for a target of medians, or without deadlines.
  public func margin(of request: PlanningRequest) -> PercentileMargin? {
    let percentile = request.target.percentile
    guard percentile != .p50, let overMedian = cost.tail(percentile) else { return nil }
    return PercentileMargin(percentile: percentile, overMedian: overMedian)
  }
}
