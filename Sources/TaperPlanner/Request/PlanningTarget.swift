public import TaperPlanFormat

/// What a plan must reach. specs/planning.md, "Targets", is normative.
public enum PlanningTarget: Hashable, Sendable {
  /// Predicted times within these.
  case times(TimeLimits)
  /// Dense predicted time over planned predicted time at the maximum length.
  case speedup(Double)
  /// Dense work over planned work by the published form at the maximum length.
  case workSpeedup(Double)

  /// Predicted time at most this at the percentile, for every input length up to the maximum.
  public static func latency(_ time: Nanoseconds, at percentile: Percentile = .p50) -> PlanningTarget {
    .times(TimeLimits([TimeLimits.Step(upTo: .max, time)], at: percentile))
  }

  /// The percentile that the target's times are of.
  package var percentile: Percentile {
    limits?.percentile ?? .p50
  }

  package var isInWork: Bool {
    if case .workSpeedup = self { true } else { false }
  }

  /// The limits it sets to predicted times; nil when it sets none.
  package var limits: TimeLimits? {
    if case .times(let limits) = self { limits } else { nil }
  }
}
