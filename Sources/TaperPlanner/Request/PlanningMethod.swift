/// What is given up to meet a target. Raw values are the command line's and the plan's words.
public enum PlanningMethod: String, CaseIterable, Hashable, Sendable {
  /// Attention Context Contribution: the elimination profile of a calibration scales the keep counts.
  case acc
  /// Static depth: every token, fewer layers, the deepest cut that meets the target. The simplest plan there is, and the
  /// baseline for every other; its head must be fitted again at the cut.
  case depth
  /// The model's selectors (TR-BERT) choose the tokens; the counts and ceilings come from a calibration in which they act.
  case selector
  /// The model's halting points (DACT-BERT) end runs early, every token kept; the depth cap is the deepest that meets the
  /// target when none does.
  case halting
  /// Halting points in an encoder that drops tokens as `acc` does; the deepest cap for which a schedule meets the target.
  case accHalting = "acc+halting"
  /// The same, dropping as `selector` does.
  case selectorHalting = "selector+halting"
  /// Depth and tokens together, chosen by accuracy on labelled texts (TaperWorkflow's `MethodSearch`); the planner itself
  /// plans each candidate as `acc` with a depth.
  case search

  /// Whether the model's selectors choose the tokens.
  public var selects: Bool { self == .selector || self == .selectorHalting }
  /// Whether the model's halting points end runs.
  public var halts: Bool { self == .halting || self == .accHalting || self == .selectorHalting }
  /// Whether it may give up layers of its own accord.
  public var givesUpLayers: Bool { self == .depth || halts }
  /// Whether layers are all it gives up.
  var keepsTokens: Bool { self == .depth || self == .halting }
}
