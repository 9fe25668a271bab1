/// What is given up to meet a target. Raw values are the command line's and the plan's words.
public enum PlanningMethod: String, CaseIterable, Hashable, Sendable {
  /// Attention Context Contribution: the elimination profile of a calibration scales the keep counts.
  case acc
  /// Static depth: every token, fewer layers, the deepest cut that meets the target. The simplest plan there is, and the
  /// baseline for every other (methods §5); its head must be fitted again at the cut.
  case depth
  /// The model's selectors (TR-BERT) choose the tokens; the counts and ceilings come from a calibration in which they act.
  case selector
  /// Depth and tokens together, chosen by accuracy on labelled texts (TaperWorkflow's `MethodSearch`); the planner itself
  /// plans each candidate as `acc` with a depth.
  case search
}
