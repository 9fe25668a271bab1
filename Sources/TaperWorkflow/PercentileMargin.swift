internal import TaperCostModel
public import TaperPlanFormat
internal import TaperPlanner

/// How much room a deadline at a percentile leaves over the predicted median.
public struct PercentileMargin: Hashable, Sendable {
  public var percentile: Percentile
  /// The percentile over the median, as the device profile has it: at least 1.
  public var overMedian: Double
}

extension PlanCompiler {
  /// Nil for a target of medians, or without deadlines.
  func margin(of request: PlanningRequest) -> PercentileMargin? {
    let percentile = request.method.target?.percentile ?? .p50
    guard percentile != .p50, let overMedian = cost.tail(percentile) else { return nil }
    return PercentileMargin(percentile: percentile, overMedian: overMedian)
  }
}
