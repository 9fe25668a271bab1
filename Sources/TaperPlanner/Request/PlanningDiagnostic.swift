import TaperBase
public import TaperPlanFormat

/// Why a target cannot be reached: the best there is, at which input length, and what holds it there.
public struct PlanningDiagnostic: Hashable, Sendable, CustomStringConvertible {
  public var target: PlanningTarget
  /// The input length that cannot meet the target.
  public var length: Int
  /// The least predicted time at that length, over every schedule of the method; at the target's percentile, as `dense`.
  public var best: Nanoseconds
  /// The percentile that `best` and `dense` are at over the median; 1 for a target of medians.
  public var overMedian: Double
  /// The dense plan's predicted time at that length.
  public var dense: Nanoseconds
  /// The least average over the calibration's lengths, when that is what cannot be met.
  public var bestAverage: Nanoseconds?
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
      case .latency, .times: "target \(unmet) unreachable"
      case .speedup(let factor): "speedup \(NumberText.times(factor)) in time unreachable"
      case .workSpeedup(let factor): "speedup \(NumberText.times(factor)) in work unreachable"
      }
    let reached =
      switch target {
      case .workSpeedup, .speedup:
        "best \(NumberText.times(bestSpeedup)) at \(length) tokens (\(NumberText.time(best)); dense \(NumberText.time(dense)))"
      case .times where bestAverage != nil: "best \(average) (\(length) tokens take \(NumberText.time(best)))"
      default: "best \(NumberText.time(best)) at \(length) tokens (dense \(NumberText.time(dense))\(spread))"
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

  /// How far the percentile is from the median; nothing for a target of medians.
  private var spread: String {
    target.percentile == .p50
      ? "" : "; \(target.percentile.name) is \(NumberText.times(overMedian)) the median in the profile"
  }

  /// The limit that is missed, of several.
  private var unmet: String {
    guard let limits = target.limits else { return "" }
    if bestAverage != nil, let average = limits.average { return "\(average)" }
    let step = limits.steps.first { length <= $0.maximumLength }
    return "\(TimeLimits(step.map { [$0] } ?? [], at: limits.percentile))"
  }

  /// The least average, as the target words it.
  private var average: String {
    guard let bestAverage, let wish = target.limits?.average else { return "" }
    return switch wish {
    case .time: "\(TimeLimits.Average.time(bestAverage))"
    case .throughput: "\(TimeLimits.Average.throughput(1e9 / Double(max(1, bestAverage.rawValue))))"
    }
  }
}
