public import TaperPlanFormat

/// What a plan must reach. specs/planning.md, "Targets", is normative.
public enum PlanningTarget: Hashable, Sendable {
  /// Every token in every layer.
  case dense
  /// Predicted time at most this, for every input length up to the maximum.
  case latency(Nanoseconds)
  /// Dense predicted time over planned predicted time at the maximum length.
  case speedup(Double)
  /// Dense work over planned work by the published form at the maximum length.
  case workSpeedup(Double)

  package var isInWork: Bool {
    if case .workSpeedup = self { true } else { false }
  }
}
