public import TaperPlanFormat

/// A plan with the way to its weights: what the planner gives back.
public struct PlannedModel: Sendable {
  /// Its weights index has the digest of the streamed bytes.
  public private(set) var plan: Plan
  /// Where the tensors come from.
  public let weights: WeightStream
  private let pricing: RunPricing

  init(plan: Plan, weights: WeightStream, pricing: RunPricing) {
    self.plan = plan
    self.weights = weights
    self.pricing = pricing
  }

  /// For `PlanWriter`: `PlanWriter.write(planned.plan, to: path, weights: planned.weightSource)`.
  public var weightSource: PlanWriter.WeightSource { weights.source }

  /// The weights section's bytes, for a plan that is run in the process that made it.
  public func materializedWeights() throws(PlanningError) -> [UInt8] {
    try weights.materialized(plan.weights)
  }

  /// The same plan with canary examples in it, made by running it.
  /// - Precondition: they fit the plan (`PlanValidator`).
  public func withCanaries(_ canaries: [Canary]) -> PlannedModel { changed { $0.canaries = canaries } }

  /// The same plan with its measured accuracy.
  public func withEvidence(_ evidence: AccuracyEvidence?) -> PlannedModel {
    changed { $0.evidence = evidence }
  }

  /// Predicted times of runs that kept T(0)…T(L) tokens and ended after so many layers.
  /// - Precondition: they fit the plan.
  public func predictedTimes(of runs: [(keptTokens: [Int], depth: Int)]) -> [Nanoseconds] {
    pricing.times(runs, plan)
  }

  /// The same plan with the depths at which texts ended: T(0)…T(L) of each text and the layers it ran; at least one
  /// text.
  /// - Precondition: the plan halts, and they fit it.
  public func withDepths(_ runs: [(keptTokens: [Int], depth: Int)]) -> PlannedModel {
    changed { plan in
      var histogram = [UInt32](repeating: 0, count: plan.schedule.layerCount)
      for run in runs { histogram[run.depth - 1] += 1 }
      plan.halting?.measured = HaltingDepths(
        histogram: histogram, time: ExpectedTime(predictedTimes(of: runs)))
    }
  }

  private func changed(_ change: (inout Plan) -> Void) -> PlannedModel {
    var planned = self
    change(&planned.plan)
    do throws(PlanFormatError) {
      try PlanValidator.validate(planned.plan)
    } catch {
      fatalError("what was measured does not fit its plan: \(error)")
    }
    return planned
  }
}
