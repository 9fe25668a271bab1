public import TaperPlanFormat
public import TaperPlanner

/// What a plan must reach, and what may be given up for it. One that contradicts itself cannot be made.
public struct CompileGoal: Hashable, Sendable {
  public enum Target: Hashable, Sendable {
    /// Every token in every layer.
    case dense
    /// These at the longest input, shorter ones in proportion.
    case keepCounts([Int])
    case reach(PlanningTarget)
  }

  public let target: Target
  public let method: CompileMethod
  /// Layers to keep; nil: all, or what the method chooses.
  public let depth: Int?

  public static let dense = CompileGoal()

  private init() { (target, method, depth) = (.dense, .acc(), nil) }

  public init(
    _ target: Target, method: CompileMethod = .acc(), depth: Int? = nil
  ) throws(GoalConflict) {
    if case .search = method, target == .dense || depth != nil { throw .searchChooses }
    if case .given(.selectors?, _) = method, target == .dense { throw .selectorsNeedTarget }
    if case .given(.words?, _) = method, target == .dense { throw .wordsNeedTarget }
    if method == .depth, target == .dense, depth == nil { throw .depthNeedsTarget }
    if case .given(.attention(decay: .some)?, _) = method {
      switch target {
      case .dense, .keepCounts: throw .decayNeedsTarget(found: target)
      case .reach: break
      }
    }
    if case .keepCounts = target, method != .acc() { throw .keepCountsNeedAcc(found: method.name) }
    self.target = target
    self.method = method
    self.depth = depth
  }
}

/// Why a target, a method and a depth do not go together.
public enum GoalConflict: Error, Hashable, Sendable {
  /// Method search finds the depth itself, and needs something to reach.
  case searchChooses
  /// Selectors drop tokens to reach something.
  case selectorsNeedTarget
  /// Words are dropped to reach something.
  case wordsNeedTarget
  /// Method depth needs a target or a depth.
  case depthNeedsTarget
  /// A decay shapes what is dropped to reach something.
  case decayNeedsTarget(found: CompileGoal.Target)
  /// Keep counts say all that a method would.
  case keepCountsNeedAcc(found: CompileMethod.Name)
}

/// What may be given up to reach a target.
public enum CompileMethod: Hashable, Sendable {
  /// Tokens, or layers where nothing drops tokens; with a rule, runs end early at the model's halting points.
  case given(TokenDropping?, halting: HaltingRule?)
  /// All of these that the model has: candidates are measured (`MethodSearch`); the rule is for those that halt.
  case search(HaltingRule)

  public static func acc(decay: Double? = nil) -> CompileMethod {
    .given(.attention(decay: decay), halting: nil)
  }
  public static let depth = CompileMethod.given(nil, halting: nil)

  /// The command line's words.
  public enum Name: String, CaseIterable, Hashable, Sendable {
    case acc, selector, lexical, depth, halting
    case accHalting = "acc+halting"
    case selectorHalting = "selector+halting"
    case lexicalHalting = "lexical+halting"
    case search

    /// Whether the model's selectors choose the tokens.
    public var selects: Bool { self == .selector || self == .selectorHalting }
    /// Whether a lexicon chooses the tokens.
    public var choosesWords: Bool { self == .lexical || self == .lexicalHalting }
    /// Whether the model's halting points end runs.
    public var halts: Bool {
      [.halting, .accHalting, .selectorHalting, .lexicalHalting].contains(self)
    }
    /// Whether its plans may keep fewer tokens than they are given.
    public var mayDropTokens: Bool { ![.depth, .halting].contains(self) }
    /// Where its tokens are dropped.
    public var dropPoint: DropPoint {
      selects ? .afterLayer : choosesWords ? .beforeFirstLayer : .afterAttention
    }
    /// Whether an elimination profile says where tokens are dropped.
    public var hasDecay: Bool { self == .acc || self == .accHalting }
  }

  public var name: Name {
    switch self {
    case .given(nil, nil): .depth
    case .given(nil, _?): .halting
    case .given(.attention?, nil): .acc
    case .given(.attention?, _?): .accHalting
    case .given(.selectors?, nil): .selector
    case .given(.selectors?, _?): .selectorHalting
    case .given(.words?, nil): .lexical
    case .given(.words?, _?): .lexicalHalting
    case .search: .search
    }
  }

  /// The method of that name, with what of the rest it takes.
  public init(
    _ name: Name, selection: TokenSelection = .dynamic, rule: HaltingRule = .tight, decay: Double? = nil
  ) {
    let dropping: TokenDropping? =
      switch name.dropPoint {
      case .afterLayer: .selectors(selection)
      case .beforeFirstLayer: .words
      case .afterAttention: name.hasDecay ? .attention(decay: decay) : nil
      }
    self = name == .search ? .search(rule) : .given(dropping, halting: name.halts ? rule : nil)
  }

  /// The rule by which runs end early; nil where they do not, and of a search.
  var halting: HaltingRule? {
    if case .given(_, let rule) = self { rule } else { nil }
  }

  /// Whether its plan's runs may end early.
  var mayHalt: Bool {
    if case .search = self { true } else { halting != nil }
  }

  /// The planner's method that reaches the target; of a search plain `acc`.
  func planning(_ target: PlanningTarget) -> PlanningMethod {
    switch self {
    case .given(let dropping?, _): .tokens(dropping, target)
    case .given(nil, _): .layers(target)
    case .search: .tokens(.attention(), target)
    }
  }
}
