/// How tokens are chosen for elimination. Raw values are the command line's and the plan's words.
public enum PlanningMethod: String, CaseIterable, Hashable, Sendable {
  /// Attention Context Contribution: the elimination profile of a calibration scales the keep counts.
  case acc
}
