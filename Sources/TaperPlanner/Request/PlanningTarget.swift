public import TaperPlanFormat

/// What a plan must reach. specs/planning.md, "Targets", is normative.
public enum PlanningTarget: Hashable, Sendable {
  /// Every token in every layer.
  case dense
  /// Predicted time at most this, for every input length up to the maximum.
  case latency(Nanoseconds)
  /// Predicted times within these.
  case times(TimeLimits)
  /// Dense predicted time over planned predicted time at the maximum length.
  case speedup(Double)
  /// Dense work over planned work by the published form at the maximum length.
  case workSpeedup(Double)

  package var isInWork: Bool {
    if case .workSpeedup = self { true } else { false }
  }

  /// The limits it sets to predicted times; nil when it sets none.
  package var limits: TimeLimits? {
    switch self {
    case .latency(let time): TimeLimits([TimeLimits.Step(upTo: .max, time)])
    case .times(let limits): limits
    case .dense, .speedup, .workSpeedup: nil
    }
  }
}
