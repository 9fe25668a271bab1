/// What to measure, and how well it must meet the plan.
public struct AuditRequest: Hashable, Sendable {
  /// Texts: their ids are cut and tiled for timing, and all are run for accuracy.
  public var samples: [AuditSample]
  /// What tells the worth of the answers, where the right ones are known.
  public var measure: AnswerMeasure
  /// Input lengths to time, in tokens.
  public var lengths: [Int]
  /// What the plan was asked for; each is judged where its length is among `lengths`.
  public var deadlines: [AskedDeadline]
  /// Timed runs a length.
  public var runs: Int
  /// Timed runs with op traces, at the reference length.
  public var tracedRuns: Int
  /// Largest |residual| of a length's median that counts as within.
  public var tolerance: Double
  /// Largest spread of the probe at which the measurement can be judged: see `ReferenceNoise`.
  public var noiseBound: Double
  /// Workers; nil for as many as the plan says and the machine has.
  public var threads: Int?
  /// What the caller knows of the machine; reported as given.
  public var environment: [EnvironmentFact]
  /// What the machine can do at most, where a profile of it is at hand.
  public var roof: MachineRoof?

  public init(
    samples: [AuditSample], by measure: AnswerMeasure = .natural, lengths: [Int],
    deadlines: [AskedDeadline] = [], runs: Int = 100, tracedRuns: Int = 50, tolerance: Double = 0.05,
    noiseBound: Double = ReferenceNoise.defaultBound, threads: Int? = nil,
    environment: [EnvironmentFact] = [],
    roof: MachineRoof? = nil
  ) {
    self.samples = samples
    self.measure = measure
    self.lengths = lengths
    self.deadlines = deadlines
    self.runs = runs
    self.tracedRuns = tracedRuns
    self.tolerance = tolerance
    self.noiseBound = noiseBound
    self.threads = threads
    self.environment = environment
    self.roof = roof
  }
}
