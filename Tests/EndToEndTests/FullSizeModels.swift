import Glibc
import TaperCostModel
import TaperDeviceProfile
import TaperModelSpec
import TaperPlanFormat
import TaperPlanRuntime
import TaperPlanner
import TestSupport

/// The real models' folder, and plans of them on the synthetic reference device.
enum FullSizeModels {
  /// Set by `tools/dev full`; without it the full-size tests are skipped.
  static let folder: String? = unsafe getenv("TAPER_FULL_MODELS").map { unsafe String(cString: $0) }

  static func model(_ name: String) throws -> ModelSpec {
    guard let folder else { preconditionFailure("TAPER_FULL_MODELS is not set") }
    return try ModelSpec.load(directory: "\(folder)/\(name)")
  }

  static func plan(
    _ model: ModelSpec, _ schedule: Schedule, _ instrumentation: Instrumentation
  ) throws -> LoadedPlan {
    let request = PlanningRequest(
      .fixed(schedule), maximumLength: schedule.maximumLength,
      restoresDroppedTokens: schedule.restoresDroppedTokens, instrumentation: instrumentation)
    let device = try DeviceProfile.load(path: TaperProgram.referenceDevice)
    let planned = try Planner.plan(
      request, model: model, calibration: nil, cost: CostModel(profile: device, threads: 1))
    return try LoadedPlan(plan: planned.plan, weightBytes: planned.materializedWeights())
  }
}
