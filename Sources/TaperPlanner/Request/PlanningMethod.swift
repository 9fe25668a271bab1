public import TaperPlanFormat

/// What is given up, and to reach what.
public enum PlanningMethod: Hashable, Sendable {
  /// Nothing: every token in every layer.
  case dense
  /// Keep counts used as they are, for replay and tests. Attention's scores choose the tokens, or the model's
  /// selectors.
  case fixed(Schedule, selection: TokenSelection? = nil)
  /// Tokens, layer by layer: the most that meet the target are kept.
  case tokens(TokenDropping, PlanningTarget)
  /// Layers: every token in the deepest cut that meets the target. The baseline for every other method; its head must
  /// be fitted again at the cut. Of a model whose runs halt it is the deepest cap that meets the target when no run
  /// ends early.
  case layers(PlanningTarget)

  /// Nil where nothing is searched for.
  public var target: PlanningTarget? {
    switch self {
    case .dense, .fixed: nil
    case .tokens(_, let target), .layers(let target): target
    }
  }

  /// Whether it searches for tokens to drop.
  public var dropsTokens: Bool {
    if case .tokens = self { true } else { false }
  }

  /// Whether a lexicon chooses tokens.
  public var choosesWords: Bool {
    if case .tokens(.words, _) = self { true } else { false }
  }

  /// How the model's selectors choose tokens; nil where they do not.
  public var selection: TokenSelection? {
    switch self {
    case .fixed(_, let selection): selection
    case .tokens(.selectors(let selection), _): selection
    case .dense, .tokens, .layers: nil
    }
  }
}

/// Who chooses the tokens that go on.
public enum TokenDropping: Hashable, Sendable {
  /// Attention Context Contribution: the elimination profile k_l = exp(−decay·l) scales the keep counts; of a
  /// calibration where the decay is nil.
  case attention(decay: Double? = nil)
  /// The model's selectors (TR-BERT); counts and ceilings come from a calibration in which they act.
  case selectors(TokenSelection)
  /// The request's lexicon, before the first layer.
  case words
}
