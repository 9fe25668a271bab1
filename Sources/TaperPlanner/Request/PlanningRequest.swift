public import TaperBase
public import TaperPlanFormat

/// What the planner plans: a request in which nothing is left open.
///
/// What a user may leave open (which method, which precision, whether dropped tokens are restored) is a
/// `CompileRequest` of TaperWorkflow, which measures candidates and resolves it to one of these.
public struct PlanningRequest: Hashable, Sendable {
  public var method: PlanningMethod
  /// When the model's halting points end a run; nil when they do not.
  public var halting: HaltingRule?
  /// Layers to keep, from the first on; the head reads the state that leaves the last of them. Nil: as many as the
  /// target allows where layers may be given up (`givesUpLayers`), else all.
  public var depth: Int?
  /// Longest input in tokens, specials included; at most the model's.
  public var maximumLength: Int
  /// Workers the plan is made for.
  public var threads: Int
  /// Of the encoder's products.
  public var precision: PrecisionAssignment
  /// Put dropped tokens' last states back before mean pooling (ours: the cheapest accuracy there is).
  /// Without effect on a plan that drops nothing, or that pools [CLS].
  public var restoresDroppedTokens: Bool
  /// With it they come back through these maps, where the head reads a mean; nil: as they were.
  public var lens: Lens?
  /// Where tokens are dropped by their words before the first layer: those of least score. Nil: attention or selectors
  /// choose.
  public var lexicon: Lexicon?
  public var headOverride: HeadOverride?
  public var memory: MemoryCeiling
  public var passes: PassSet
  /// Kernels not to be used, whatever the profile says of them.
  public var excludedKernels: Set<KernelID>
  /// Whether tokens are dropped from inputs longer than the calibration's texts, of which nothing is known.
  public var dropsBeyondCalibration: Bool
  public var instrumentation: Instrumentation
  public var provenance: PlanProvenance

  public init(
    _ method: PlanningMethod = .dense, halting: HaltingRule? = nil, depth: Int? = nil, maximumLength: Int,
    threads: Int = 1, precision: PrecisionAssignment = PrecisionAssignment(),
    restoresDroppedTokens: Bool = true, lens: Lens? = nil, lexicon: Lexicon? = nil,
    headOverride: HeadOverride? = nil,
    memory: MemoryCeiling = MemoryCeiling(), passes: PassSet = .all, excludedKernels: Set<KernelID> = [],
    dropsBeyondCalibration: Bool = false, instrumentation: Instrumentation = [],
    provenance: PlanProvenance = PlanProvenance()
  ) {
    self.method = method
    self.halting = halting
    self.depth = depth
    self.maximumLength = maximumLength
    self.threads = threads
    self.precision = precision
    self.restoresDroppedTokens = restoresDroppedTokens
    self.lens = lens
    self.lexicon = lexicon
    self.headOverride = headOverride
    self.memory = memory
    self.passes = passes
    self.excludedKernels = excludedKernels
    self.dropsBeyondCalibration = dropsBeyondCalibration
    self.instrumentation = instrumentation
    self.provenance = provenance
  }

  /// Whether the planner may drop layers to meet the target: runs that halt have an answer after each.
  public var givesUpLayers: Bool {
    if case .layers = method { return depth == nil }
    return halting != nil && depth == nil
  }
}

/// What a plan's identity says of where the plan comes from; nothing is planned by it.
public struct PlanProvenance: Hashable, Sendable {
  public var toolVersion: String
  /// The request as its user wrote it; must not hold paths.
  public var request: String

  public init(toolVersion: String = TaperVersion.current, request: String = "") {
    self.toolVersion = toolVersion
    self.request = request
  }
}
