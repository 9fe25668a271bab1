import Glibc
import TaperCalibration
import TaperCostModel
import TaperDeviceProfile
import TaperModelSpec
import TaperPlanFormat
import TaperPlanner
import TaperReportRendering
import TestSupport
import Testing

/// Committed plans on the synthetic exact device, as bytes, as whole text and as explained: plans/<model>/<device>/.
///
/// They depend on no machine. A change in any planner decision shows up here, op by op. `RECORD=1` writes them anew and
/// fails once, so that nobody records by accident.
@Suite(.serialized) struct GoldenPlanTests {
  struct Golden: Sendable, CustomTestStringConvertible {
    var model: String
    /// The plan's file name.
    var name: String
    var method: PlanningMethod
    /// As the command line says it.
    var request: String
    var precision = Precision.f32
    var halting: HaltingRule?
    var testDescription: String { "\(model) \(name)" }
  }

  private static let device = "reference"
  static let all = [
    Golden(model: "tiny-bert-classifier", name: "dense", method: .dense, request: "--dense"),
    Golden(
      model: "tiny-bert-classifier", name: "flops-speedup-2x", method: .workSpeedup(2),
      request: "--flops-speedup 2x"),
    Golden(
      model: "tiny-bert-old-names", name: "flops-speedup-1.5x", method: .workSpeedup(1.5),
      request: "--flops-speedup 1.5x"),
    Golden(
      model: "tiny-bert-classifier", name: "bf16-dense", method: .dense, request: "--dense --precision bf16",
      precision: .bf16),
    Golden(
      model: "tiny-bert-old-names", name: "int8-flops-speedup-1.5x", method: .workSpeedup(1.5),
      request: "--flops-speedup 1.5x --precision int8", precision: .int8),
    Golden(model: "tiny-mpnet", name: "dense", method: .dense, request: "--dense"),
    Golden(
      model: "tiny-mpnet", name: "flops-speedup-2x", method: .workSpeedup(2),
      request: "--flops-speedup 2x"),
    Golden(
      model: "tuned-acc-halting", name: "halting-dense", method: .dense, request: "--method halting --dense",
      halting: .tight),
    Golden(
      model: "tuned-selector-halting", name: "selector-halting-flops-speedup-1.5x",
      method: .tokens(.selectors(.dynamic), .workSpeedup(1.5)),
      request: "--method selector+halting --flops-speedup 1.5x", halting: .tight),
  ]

  /// Texts of every length up to 24, of whose tokens each of two selectors keeps about two thirds.
  private static let selectors = SelectorStatistics(
    SelectorCounts(
      layers: [1, 2],
      texts: (1...24).map { .init(tokens: $0, kept: [($0 * 2 + 2) / 3, ($0 * 4 + 8) / 9]) }))

  private func root() -> String { TestFile.fixture("../../..", beside: #filePath) }

  private func plan(_ golden: Golden) throws -> Plan {
    let model = try ModelSpec.load(directory: FixtureModels.path(golden.model))
    let profile = try DeviceProfile.load(path: root() + "/specs/devices/\(Self.device).json")
    let costs = OpCosts(try CostModel(profile: profile, threads: 1))
    let request = PlanningRequest(
      golden.method, halting: golden.halting, maximumLength: min(24, model.maximumLength),
      precision: PrecisionAssignment(golden.precision),
      provenance: PlanProvenance(toolVersion: "golden", request: golden.request + " --max-length 24"))
    let inputs = PlanningInputs(
      facts: EncoderFacts(model), profile: (1...Int(model.shape.layers)).map { 1 / Double($0 + 1) },
      selectors: model.tuned?.selector == nil ? nil : Self.selectors, costs: costs, deviceName: profile.name)
    let planned = try Planner.plan(request, model: model, inputs: inputs)
    guard let layers = planned.plan.halting.map({ _ in planned.plan.schedule.layerCount }) else {
      return planned.plan
    }
    // Texts of every length, which end after each of the layers in turn.
    return planned.withDepths(
      (1...24).map {
        (planned.plan.schedule.retentionConfiguration(length: $0).map(Int.init), 1 + $0 % layers)
      }
    ).plan
  }

  @Test(arguments: all) func isAsCommitted(golden: Golden) throws {
    let plan = try plan(golden)
    let folder = "\(root())/plans/\(golden.model)/\(Self.device)"
    let path = "\(folder)/\(golden.name).plan"
    try compare(
      Array(TextRenderer.render(Report(explaining: plan)).utf8), with: "\(folder)/\(golden.name).explain.txt")
    try compare(Array(PlanText.render(plan).utf8), with: "\(folder)/\(golden.name).plan.txt")
    // The bytes: what is written must be what is committed, and what is committed must read as what was planned.
    let temporary = TemporaryDirectory()
    let written = temporary.path + "/golden.plan"
    try PlanWriter.write(plan, to: written)
    try compare(TestFile.bytes(written), with: path)
    let read = unsafe try TestFile.bytes(written).span.bytes.withUnsafeBytes {
      unsafe try PlanReader.read($0)
    }
    #expect(read.plan == plan)
    #expect(read.weights == nil)
  }

  private func compare(_ bytes: [UInt8], with path: String) throws {
    if unsafe getenv("RECORD") != nil {
      try record(bytes, at: path)
      return
    }
    let expected = TestFile.exists(path) ? TestFile.bytes(path) : []
    #expect(
      bytes == expected,
      "\(path) differs from what is planned now; if the change is meant: RECORD=1 swift test -c release --filter GoldenPlanTests"
    )
  }

  private func record(_ bytes: [UInt8], at path: String) throws {
    var folder = ""
    for part in path.split(separator: "/").dropLast() {
      folder += "/" + part
      _ = unsafe mkdir(folder, 0o755)
    }
    guard let stream = unsafe fopen(path, "w") else {
      Issue.record("cannot write \(path)")
      return
    }
    _ = unsafe bytes.span.bytes.withUnsafeBytes { unsafe fwrite($0.baseAddress, 1, $0.count, stream) }
    unsafe fclose(stream)
    Issue.record("recorded \(path); run again without RECORD")
  }
}
