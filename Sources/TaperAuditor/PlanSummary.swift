public import TaperPlanFormat

/// What a report says of the plan it is about.
public struct PlanSummary: Hashable, Sendable {
  public let identity: PlanIdentity
  public let head: HeadKind
  public let layers: Int
  public let maximumLength: Int
  public let arena: Bytes
  public let weights: Bytes

  public init(
    identity: PlanIdentity, head: HeadKind, layers: Int, maximumLength: Int, arena: Bytes, weights: Bytes
  ) {
    self.identity = identity
    self.head = head
    self.layers = layers
    self.maximumLength = maximumLength
    self.arena = arena
    self.weights = weights
  }

  public init(_ plan: Plan) {
    self.init(
      identity: plan.identity, head: plan.head.kind, layers: plan.schedule.layerCount,
      maximumLength: plan.schedule.maximumLength, arena: plan.arena.byteCount, weights: plan.weights.byteCount
    )
  }
}
