import TaperBase
public import TaperCalibration
public import TaperCostModel
import TaperDeviceProfile
public import TaperModelSpec
public import TaperPlanFormat

/// The planner: a request, a model, a calibration and a device's costs in; a plan, or why there is none, out.
///
/// It sees kernel ids and a profile's table, never a kernel. Planning reads no weights; a plan that is run or written
/// does. Same inputs, same bytes. specs/planning.md is normative.
public enum Planner {
  /// The plan of `model` that meets the request on the device of `cost`.
  ///
  /// - Parameters:
  ///   - calibration: importance statistics of this model; needed by every target but dense.
  ///   - cost: of a profile measured with the request's threads.
  ///   - pool: packed tensors of this model, shared with other plans of it.
  /// - Throws: `infeasible` when no schedule reaches the target, with the best possible; otherwise what is wrong with
  ///   the inputs.
  public static func plan(
    _ request: PlanningRequest, model: ModelSpec, calibration: Calibration?, cost: CostModel,
    pool: WeightPool = WeightPool()
  ) throws(PlanningError) -> PlannedModel {
    let inputs = try inputs(request, model: model, calibration: calibration, cost: cost)
    return try plan(request, model: model, inputs: inputs, pool: pool)
  }

  /// The schedule of the plan that `plan` would make.
  public static func schedule(
    _ request: PlanningRequest, model: ModelSpec, calibration: Calibration?, cost: CostModel
  ) throws(PlanningError) -> Schedule {
    try outline(request, model: model, calibration: calibration, cost: cost).schedule
  }

  /// The plan that `plan` would make.
  public static func outline(
    _ request: PlanningRequest, model: ModelSpec, calibration: Calibration?, cost: CostModel
  ) throws(PlanningError) -> Plan {
    let inputs = try inputs(request, model: model, calibration: calibration, cost: cost)
    return try PlanAssembler(request, inputs).assemble().plan
  }

  static func inputs(
    _ request: PlanningRequest, model: ModelSpec, calibration: Calibration?, cost: CostModel
  ) throws(PlanningError) -> PlanningInputs {
    if let calibration, calibration.modelDigest != model.modelDigest {
      throw .calibrationOfAnotherModel(expected: model.modelDigest, found: calibration.modelDigest)
    }
    if let calibration, calibration.tokenizerDigest != model.tokenizerDigest {
      throw .calibrationOfAnotherTokenizer(
        expected: model.tokenizerDigest, found: calibration.tokenizerDigest)
    }
    guard request.threads == cost.threads else {
      throw .threadsDiffer(requested: request.threads, priced: cost.threads)
    }
    return PlanningInputs(
      facts: EncoderFacts(model), profile: calibration?.eliminationProfile,
      selectors: calibration?.selectors.map(SelectorStatistics.init),
      lengths: calibration?.lengthHistogram ?? [], costs: OpCosts(cost),
      calibrationDigest: calibration?.digest ?? .zero,
      profileDigest: cost.profile.digest, deviceName: cost.profile.name, tier: cost.profile.fingerprint.tier)
  }

  /// As above, for inputs written down.
  package static func plan(
    _ request: PlanningRequest, model: ModelSpec, inputs: PlanningInputs, pool: WeightPool = WeightPool()
  ) throws(PlanningError) -> PlannedModel {
    let (plan, recipes, pricing) = try PlanAssembler(request, inputs).assemble()
    let stream = WeightStream(recipes: recipes, model: model, fitted: FittedTensors(request))
    return PlannedModel(plan: plan, weights: stream, pool: pool, pricing: pricing)
  }
}
