import TaperPlanFormat

/// An audit's result: a value that renderers turn into text, JSON, HTML or JUnit XML.
public struct AuditReport: Hashable, Sendable {
  public let verdict: AuditVerdict
  public let tolerance: Double
  public let plan: PlanSummary
  /// Workers that ran.
  public let threads: Int
  /// Ascending by tokens.
  public let lengths: [LengthAudit]
  /// The deadlines of the plan's request; empty where it set none.
  public let deadlines: [DeadlineAudit]
  /// The input length that `ops` and `layers` are about; nil when the plan predicts no ops.
  public let referenceLength: Int?
  /// Ops that ran at the reference length, in plan order.
  public let ops: [OpAudit]
  /// Layers 0…L + 1 that have ops.
  public let layers: [LayerAudit]
  /// Nil for a plan without halting points. Times in `lengths`, `ops` and `layers` are of runs that none ended.
  public let halting: HaltingAudit?
  /// Nil when the samples have neither references nor labels.
  public let accuracy: AccuracyAudit?
  public let noise: ReferenceNoise
  /// Nil when no profile was given.
  public let roof: MachineRoof?
  public let environment: [EnvironmentFact]

  public init(
    tolerance: Double, plan: PlanSummary, threads: Int, lengths: [LengthAudit],
    deadlines: [DeadlineAudit] = [], referenceLength: Int?,
    ops: [OpAudit], layers: [LayerAudit], halting: HaltingAudit? = nil, accuracy: AccuracyAudit?,
    noise: ReferenceNoise, roof: MachineRoof? = nil,
    environment: [EnvironmentFact]
  ) {
    verdict = AuditVerdict(
      residuals: lengths.map(\.residual), tolerance: tolerance, isNoisy: noise.isNoisy)
    self.tolerance = tolerance
    self.plan = plan
    self.threads = threads
    self.lengths = lengths
    self.deadlines = deadlines
    self.referenceLength = referenceLength
    self.ops = ops
    self.layers = layers
    self.halting = halting
    self.accuracy = accuracy
    self.noise = noise
    self.roof = roof
    self.environment = environment
  }

  /// Whether the measured accuracy is consistent with the one stored in the plan: its interval is not wholly below. Nil
  /// when the two are not of the same metric, or one is not known.
  public var accuracyHolds: Bool? {
    guard let accuracy, let evidence = plan.evidence, let expected = evidence.interval else { return nil }
    switch (evidence.metric, accuracy.metric) {
    case (.f1, .f1) where evidence.positive != accuracy.positive: return nil
    case (.accuracy, .accuracy), (.matthews, .matthews), (.f1, .f1), (.spearman, .spearman),
      (.agreement, .agreement), (.agreement, .cosine):
      return accuracy.interval.high >= Double(expected.low)
    default: return nil
    }
  }

  /// The length whose residual is largest in size; one without a prediction comes first.
  public var worstLength: LengthAudit? {
    lengths.max { abs($0.residual ?? .infinity) < abs($1.residual ?? .infinity) }
  }
}
