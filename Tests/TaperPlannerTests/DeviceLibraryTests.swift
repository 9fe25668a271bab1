import Foundation
import TaperCostModel
import TaperDeviceProfile
import TaperModelSpec
import TaperPlanFormat
import TaperPlanner
import TestSupport
import Testing

/// The profiles of specs/devices: users plan for them.
@Suite struct DeviceLibraryTests {
  private static let folder = TestFile.fixture("../../..", beside: #filePath) + "/specs/devices"
  static let names =
    (try? FileManager.default.contentsOfDirectory(atPath: folder))?
    .filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted() ?? []

  @Test func thereAreRealOnesBesideTheSynthetic() {
    #expect(Self.names.contains("reference") && Self.names.count > 2)
  }

  @Test(arguments: names) func plansInEveryPrecisionAndThreadCount(name: String) throws {
    let profile = try DeviceProfile.load(path: "\(Self.folder)/\(name).json")
    #expect(profile.name == name, "a name that tells nothing of whose machine it was")
    for model in try Self.models.map({ try ModelSpec.load(directory: FixtureModels.path($0)) }) {
      try plan(model, profile)
    }
  }

  /// A model of BERT's form, and others whose ops these profiles were made before.
  private static let models = [
    "tiny-bert-classifier", "tiny-albert", "tiny-modernbert", "tiny-nomic-bert", "tiny-deberta-v3",
  ]

  private func plan(_ model: ModelSpec, _ profile: DeviceProfile) throws {
    for threads in profile.threadCounts {
      let costs = OpCosts(try CostModel(profile: profile, threads: threads))
      let inputs = PlanningInputs(
        facts: EncoderFacts(model), profile: (1...Int(model.shape.layers)).map { 1 / Double($0 + 1) },
        costs: costs)
      // Made where planes of bf16 cannot pay, or before there were any.
      #expect(throws: PlanningError.precisionNotMeasured(.f32x3)) {
        try Planner.plan(
          PlanningRequest(
            .dense, maximumLength: 16, threads: threads, precision: PrecisionAssignment(.f32x3)),
          model: model, inputs: inputs)
      }
      for precision in Precision.allCases where precision != .f32x3 {
        let times = try [PlanningMethod.dense, .workSpeedup(1.5)].map { method in
          let request = PlanningRequest(
            method, maximumLength: 16, threads: threads, precision: PrecisionAssignment(precision))
          let plan = try Planner.plan(request, model: model, inputs: inputs).plan
          #expect(plan.formatVersion == .families || !model.form.usesPositions)
          return plan.predictions.lengths[15].planned.time
        }
        #expect(times.allSatisfy { $0 > .zero })
      }
    }
  }
}
