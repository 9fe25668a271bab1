import TaperBase
import TaperCalibration
import TaperCostModel
import TaperDeviceProfile
import TaperModelSpec
import TaperPlanFormat
import TaperPlanner
import TestSupport
import Testing

/// A calibration speaks for one model and one tokenizer.
@Suite struct CalibrationMatchTests {
  @Test func anothersCalibrationIsRefused() throws {
    let model = try ModelSpec.load(directory: FixtureModels.path("tiny-bert-classifier"))
    let path = TestFile.fixture("../../../specs/devices/reference.json", beside: #filePath)
    let cost = try CostModel(profile: DeviceProfile.load(path: path), threads: 1)
    func plan(model digest: Digest, tokenizer: Digest) throws -> Plan {
      let layers = Int(model.shape.layers)
      var builder = Calibration.Builder(layerCount: layers)
      try builder.add(ids: [1, 2], scores: .init(repeating: [1, 1], count: layers), reference: [1, 0])
      let calibration = try builder.finish(
        modelDigest: digest, dataDigest: .zero, tokenizerDigest: tokenizer)
      return try Planner.outline(
        PlanningRequest(.workSpeedup(1.1), maximumLength: 16, dropsBeyondCalibration: true), model: model,
        calibration: calibration, cost: cost)
    }
    let (right, other) = ((model.modelDigest, model.tokenizerDigest), SHA256.digest(of: [1]))
    #expect(try plan(model: right.0, tokenizer: right.1).identity.method == "acc")
    #expect(throws: PlanningError.calibrationOfAnotherModel(expected: right.0, found: other)) {
      try plan(model: other, tokenizer: right.1)
    }
    #expect(throws: PlanningError.calibrationOfAnotherTokenizer(expected: right.1, found: other)) {
      try plan(model: right.0, tokenizer: other)
    }
  }
}
