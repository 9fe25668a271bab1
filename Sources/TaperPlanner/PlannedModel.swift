public import TaperPlanFormat

/// A plan with the way to its weights: what the planner gives back.
public struct PlannedModel: Sendable {
  /// Its weights index has the digest of the streamed bytes.
  public private(set) var plan: Plan
  /// Where the tensors come from.
  public let weights: WeightStream

  init(plan: Plan, weights: WeightStream) {
    self.plan = plan
    self.weights = weights
  }

  /// For `PlanWriter`: `PlanWriter.write(planned.plan, to: path, weights: planned.weightSource)`.
  public var weightSource: PlanWriter.WeightSource { weights.source }

  /// The weights section's bytes, for a plan that is run in the process that made it.
  public func materializedWeights() throws(PlanningError) -> [UInt8] {
    try weights.materialized(plan.weights)
  }

  /// The same plan with canary examples in it, made by running it.
  /// - Precondition: they fit the plan (`PlanValidator`).
  public func withCanaries(_ canaries: [Canary]) -> PlannedModel {
    var planned = self
    planned.plan.canaries = canaries
    do throws(PlanFormatError) {
      try PlanValidator.validate(planned.plan)
    } catch {
      fatalError("canaries that do not fit their plan: \(error)")
    }
    return planned
  }
}
