public import TaperPlanFormat

/// What a report says of the plan it is about.
public struct PlanSummary: Hashable, Sendable {
  public let identity: PlanIdentity
  public let head: HeadKind
  public let layers: Int
  public let maximumLength: Int
  public let arena: ArenaLayout
  /// Ops in the plan, those that run at other lengths only included.
  public let ops: Int
  public let weights: Bytes
  /// What the plan says its answers are worth.
  public let evidence: AccuracyEvidence?

  public init(
    identity: PlanIdentity, head: HeadKind, layers: Int, maximumLength: Int, arena: ArenaLayout, ops: Int,
    weights: Bytes, evidence: AccuracyEvidence? = nil
  ) {
    self.identity = identity
    self.head = head
    self.layers = layers
    self.maximumLength = maximumLength
    self.arena = arena
    self.ops = ops
    self.weights = weights
    self.evidence = evidence
  }

  public init(_ plan: Plan) {
    self.init(
      identity: plan.identity, head: plan.head.kind, layers: plan.schedule.layerCount,
      maximumLength: plan.schedule.maximumLength, arena: plan.arena, ops: plan.ops.count,
      weights: plan.weights.byteCount, evidence: plan.evidence
    )
  }
}
