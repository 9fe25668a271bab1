public import TaperAuditor
internal import TaperPlanFormat
public import TaperPlanner

/// What a user asks of a compile. It may leave choices open: search for a method, find a precision, restore dropped
/// tokens or not. `PlanCompiler` measures them and resolves it to a `PlanningRequest`, in which nothing is open.
public struct CompileRequest: Hashable, Sendable {
  public var goal: CompileGoal
  public var options: CompileOptions
  public var memory: MemoryCeiling
  public var gate: AccuracyGate

  public init(
    _ goal: CompileGoal, options: CompileOptions, memory: MemoryCeiling = MemoryCeiling(),
    gate: AccuracyGate = AccuracyGate()
  ) {
    self.goal = goal
    self.options = options
    self.memory = memory
    self.gate = gate
  }

  /// The planner's request: of method `search` what plain `acc` would plan, of `--read-out auto` restoring.
  /// - Parameter precision: found before, where the request leaves it open.
  /// - Throws: `keepCountsTooLong`.
  func planning(
    precision: PrecisionAssignment?, provenance: PlanProvenance
  ) throws(WorkflowError) -> PlanningRequest {
    let method: PlanningMethod
    switch goal.target {
    case .dense: method = .dense
    case .keepCounts(let counts):
      if let longest = counts.max(), longest > options.maximumLength {
        throw .keepCountsTooLong(longest, maximum: options.maximumLength)
      }
      method = .fixed(.proportional(to: counts, maximumLength: options.maximumLength))
    case .reach(let target): method = goal.method.planning(target)
    }
    return PlanningRequest(
      method, halting: goal.method.halting, depth: goal.depth, maximumLength: options.maximumLength,
      threads: options.threads,
      precision: precision ?? PrecisionAssignment(options.precision.precision ?? .f32),
      restoresDroppedTokens: options.readOut != .kept, memory: memory,
      passes: PassSet(disabling: options.disabledPasses),
      excludedKernels: options.usesOpenBLAS ? [] : [.gemmF32OpenBLAS],
      dropsBeyondCalibration: options.dropsBeyondCalibration, provenance: provenance)
  }
}

/// What `taper plan` and `taper sweep` are told alike: all but what to reach.
public struct CompileOptions: Hashable, Sendable {
  /// Of the encoder's products.
  public enum PrecisionChoice: String, CaseIterable, Hashable, Sendable {
    case f32, f32x3, bf16, int8
    /// Of each product the fastest that loses little enough.
    case auto
    /// f32 where it meets the target with every token in every layer, else as `auto`: bits are given up before tokens.
    case asNeeded = "as-needed"

    /// Nil when it is to be found.
    public var precision: Precision? { Precision(rawValue: rawValue) }

    /// What is meant when nothing is said: `asNeeded` where a target in time and texts to judge by are there.
    public static func unstated(for goal: CompileGoal, isCalibrated: Bool) -> PrecisionChoice {
      guard isCalibrated, case .reach(.times) = goal.target else { return .f32 }
      return [.acc, .lexical, .depth].contains(goal.method.name) ? .asNeeded : .f32
    }
  }

  /// What a pooling head reads of dropped tokens.
  public enum ReadOut: String, CaseIterable, Hashable, Sendable {
    /// What answers better, where a head stays as it was trained.
    case auto
    /// What the dense encoder would have made of them, by an affine map.
    case lens
    /// Their last states.
    case restored
    /// Nothing: only the kept tokens' states.
    case kept
  }

  public var maximumLength: Int
  public var threads: Int
  public var precision: PrecisionChoice
  /// Whether the head is fitted again, on labelled texts.
  public var refitsHead: Bool
  /// As they were named.
  public var disabledPasses: [PlannerPass]
  /// Whether products may use OpenBLAS, which the lean runner does not have.
  public var usesOpenBLAS: Bool
  public var readOut: ReadOut
  /// Whether tokens are dropped from inputs longer than the calibration's texts too.
  public var dropsBeyondCalibration: Bool
  /// What the gates bound and a search ranks by, where right answers are known.
  public var measure: AnswerMeasure

  public init(
    maximumLength: Int, threads: Int = 1, precision: PrecisionChoice = .f32, refitsHead: Bool = false,
    disabledPasses: [PlannerPass] = [], usesOpenBLAS: Bool = false, readOut: ReadOut = .auto,
    dropsBeyondCalibration: Bool = false, measure: AnswerMeasure = .natural
  ) {
    self.maximumLength = maximumLength
    self.threads = threads
    self.precision = precision
    self.refitsHead = refitsHead
    self.disabledPasses = disabledPasses
    self.usesOpenBLAS = usesOpenBLAS
    self.readOut = readOut
    self.dropsBeyondCalibration = dropsBeyondCalibration
    self.measure = measure
  }
}
