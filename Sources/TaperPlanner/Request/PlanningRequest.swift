public import TaperBase
public import TaperPlanFormat

/// What is wished of a plan.
public struct PlanningRequest: Hashable, Sendable {
  public var target: PlanningTarget
  public var method: PlanningMethod
  /// How method `selector` chooses tokens.
  public var selection: TokenSelection
  /// When a halting point ends a run, for the methods that halt.
  public var haltingRule: HaltingRule
  /// Longest input in tokens, specials included; at most the model's.
  public var maximumLength: Int
  /// Workers the plan is made for.
  public var threads: Int
  public var passes: PassSet
  public var instrumentation: Instrumentation
  /// Kernels not to be used, whatever the profile says of them.
  public var excludedKernels: Set<KernelID>
  /// Put dropped tokens' last states back before mean pooling (ours: the cheapest accuracy there is).
  /// Without effect on a plan that drops nothing, or that pools [CLS].
  public var restoresDroppedTokens: Bool
  /// Whether the compiler may decide about that by what a plan's answers are worth either way (planning.md section 1);
  /// the planner itself does as `restoresDroppedTokens` says.
  public var choosesRestoring: Bool
  public var headOverride: HeadOverride?
  /// Of the encoder's products.
  public var precision: PrecisionAssignment
  /// Decay b of the elimination profile k_l = exp(−b·l), in place of the calibration's.
  public var decay: Double?
  /// Layers to keep, from the first on; the head reads the state that leaves the last of them. Nil: all, or as many as
  /// the target allows when the method chooses depth.
  public var depth: Int?
  public var memory: MemoryCeiling
  /// Name of the device the profile was measured on, for the plan's provenance.
  public var deviceName: String
  /// The request in words, for the plan's provenance; must not hold paths.
  public var requestText: String
  public var toolVersion: String
  /// Keep counts to use as they are instead of searching, for replay and tests; the target is then not consulted.
  public var fixedSchedule: Schedule?

  public init(
    target: PlanningTarget = .dense, method: PlanningMethod = .acc,
    selection: TokenSelection = .dynamic, haltingRule: HaltingRule = .tight, maximumLength: Int,
    threads: Int = 1,
    passes: PassSet = .all, instrumentation: Instrumentation = [],
    excludedKernels: Set<KernelID> = [], restoresDroppedTokens: Bool = true, choosesRestoring: Bool = false,
    headOverride: HeadOverride? = nil, precision: PrecisionAssignment = PrecisionAssignment(),
    decay: Double? = nil, depth: Int? = nil, memory: MemoryCeiling = MemoryCeiling(), deviceName: String = "",
    requestText: String = "",
    toolVersion: String = TaperVersion.current,
    fixedSchedule: Schedule? = nil
  ) {
    self.target = target
    self.method = method
    self.selection = selection
    self.haltingRule = haltingRule
    self.maximumLength = maximumLength
    self.threads = threads
    self.passes = passes
    self.instrumentation = instrumentation
    self.excludedKernels = excludedKernels
    self.restoresDroppedTokens = restoresDroppedTokens
    self.choosesRestoring = choosesRestoring
    self.headOverride = headOverride
    self.precision = precision
    self.decay = decay
    self.depth = depth
    self.memory = memory
    self.deviceName = deviceName
    self.requestText = requestText
    self.toolVersion = toolVersion
    self.fixedSchedule = fixedSchedule
  }
}
