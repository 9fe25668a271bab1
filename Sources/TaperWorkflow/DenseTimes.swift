public import TaperPlanFormat
internal import TaperPlanner

extension PlanCompiler {
  /// Predicted times of the model's dense plan in f32, with the outcome's kind of head: of n tokens at n − 1. What the
  /// speedups of plans in different precisions can be compared by.
  ///
  /// - Returns: nil where the profile has not measured f32.
  /// - Throws: the planner's errors.
  public func exactDenseTimes(for outcome: Outcome, _ options: CompileOptions) throws -> [Nanoseconds]? {
    let plan = outcome.planned.plan
    if plan.identity.precision == Precision.f32.rawValue { return plan.predictions.lengths.map(\.denseTime) }
    var options = options
    options.precision = .f32
    var request = try CompileRequest(.dense, options: options).planning(
      precision: nil, provenance: PlanProvenance())
    if outcome.head != nil {
      request.headOverride = .unfitted(
        kind: plan.head.kind, outputs: Int(plan.head.outputWidth), width: featureWidth(depth: nil),
        labels: plan.head.labels)
    }
    do throws(PlanningError) {
      return try Planner.outline(request, model: model, calibration: nil, cost: cost)
        .predictions.lengths.map(\.denseTime)
    } catch {
      if case .kernelMissing = error { return nil }
      throw error
    }
  }
}
