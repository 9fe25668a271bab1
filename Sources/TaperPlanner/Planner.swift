package import TaperModelSpec
import TaperPlanFormat

/// The planner: a request, a model, a calibration and a device's costs in; a plan, or why there is none, out.
///
/// It sees kernel ids and a profile's table, never a kernel, and reads weights only to digest and stream them.
/// Same inputs, same bytes. specs/planning.md is normative.
public enum Planner {
  /// As `plan(_:model:calibration:cost:)`, for an elimination profile (nil: none) and costs written down.
  package static func plan(
    _ request: PlanningRequest, model: ModelSpec, profile: [Double]?, costs: OpCosts
  ) throws(PlanningError) -> PlannedModel {
    let assembler = PlanAssembler(request, facts: EncoderFacts(model), profile: profile, costs: costs)
    var (plan, recipes) = try assembler.assemble()
    let stream = WeightStream(recipes: recipes, model: model, headOverride: request.headOverride)
    do throws(PlanFormatError) {
      plan.weights.digest = try PlanWriter.digest(of: plan.weights, weights: stream.source)
    } catch {
      throw .weightsUnreadable(tensor: "the model", reason: "\(error)")
    }
    return PlannedModel(plan: plan, weights: stream)
  }
}
