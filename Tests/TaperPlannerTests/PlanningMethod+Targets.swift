import TaperPlanFormat
import TaperPlanner

/// Targets reached by dropping tokens as attention says, which is what most tests plan.
extension PlanningMethod {
  static func times(_ limits: TimeLimits) -> PlanningMethod { .tokens(.attention(), .times(limits)) }
  static func latency(_ limit: Nanoseconds, at percentile: Percentile = .p50) -> PlanningMethod {
    .tokens(.attention(), .latency(limit, at: percentile))
  }
  static func speedup(_ factor: Double) -> PlanningMethod { .tokens(.attention(), .speedup(factor)) }
  static func workSpeedup(_ factor: Double) -> PlanningMethod { .tokens(.attention(), .workSpeedup(factor)) }

  /// The same target reached otherwise; by layers when nothing drops tokens.
  func by(_ dropping: TokenDropping?) -> PlanningMethod {
    guard let target else { return self }
    return dropping.map { .tokens($0, target) } ?? .layers(target)
  }
}
