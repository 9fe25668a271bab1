public import TaperPlanFormat

/// Why a target cannot be reached: the best there is, at which input length, and what holds it there.
public struct PlanningDiagnostic: Hashable, Sendable, CustomStringConvertible {
  public var target: PlanningTarget
  /// The input length that cannot meet the target.
  public var length: Int
  /// The least predicted time at that length, over every schedule of the method.
  public var best: Nanoseconds
  /// The dense plan's predicted time at that length.
  public var dense: Nanoseconds
  /// The greatest speedup at that length, in time or in work as the target asks.
  public var bestSpeedup: Double
  /// Layers of the plan that reaches the best, when they are what the method gives up; nil when tokens are.
  public var bestDepth: Int?
  /// The schedule that reaches the best: T(1)…T(L).
  public var bestKeepCounts: [Int]
  /// Weights streamed at the best schedule, and the predicted time of the ops that read them.
  public var weightTraffic: Bytes
  public var weightTime: Nanoseconds

  public var description: String {
    let wish =
      switch target {
      case .dense: "dense plan"
      case .latency(let time): "target \(NumberText.time(time)) unreachable"
      case .speedup(let factor): "speedup \(NumberText.times(factor)) in time unreachable"
      case .workSpeedup(let factor): "speedup \(NumberText.times(factor)) in work unreachable"
      }
    let reached =
      switch target {
      case .workSpeedup, .speedup:
        "best \(NumberText.times(bestSpeedup)) at \(length) tokens (\(NumberText.time(best)); dense \(NumberText.time(dense)))"
      default: "best \(NumberText.time(best)) at \(length) tokens (dense \(NumberText.time(dense)))"
      }
    if let bestDepth {
      return "\(wish): \(reached); with \(bestDepth == 1 ? "one layer" : "\(bestDepth) layers") left"
    }
    let kept = bestKeepCounts.first ?? length
    let tokens = kept == 1 ? "one token" : "\(kept) tokens"
    return """
      \(wish): \(reached); with \(tokens) kept after layer 1 the encoder still streams \
      \(NumberText.size(weightTraffic)) of weights: \(NumberText.time(weightTime))
      """
  }
}
