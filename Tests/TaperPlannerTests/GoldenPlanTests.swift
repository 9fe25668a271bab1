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
  struct Case: Sendable, CustomTestStringConvertible {
    var model: String
    /// The plan's file name.
    var name: String
    var method: PlanningMethod
    /// As the command line says it.
    var request: String
    var precision = Precision.f32
    var halting: HaltingRule?
    var depth: Int?
    var testDescription: String { "\(model) \(name)" }
  }

  private static let device = "reference"
  static let all = [
    Case(model: "tiny-bert-classifier", name: "dense", method: .dense, request: "--dense"),
    Case(
      model: "tiny-bert-classifier", name: "flops-speedup-2x", method: .workSpeedup(2),
      request: "--flops-speedup 2x"),
    Case(
      model: "tiny-bert-old-names", name: "flops-speedup-1.5x", method: .workSpeedup(1.5),
      request: "--flops-speedup 1.5x"),
    Case(
      model: "tiny-bert-classifier", name: "bf16-dense", method: .dense, request: "--dense --precision bf16",
      precision: .bf16),
    Case(
      model: "tiny-bert-old-names", name: "int8-flops-speedup-1.5x", method: .workSpeedup(1.5),
      request: "--flops-speedup 1.5x --precision int8", precision: .int8),
    Case(model: "tiny-mpnet", name: "dense", method: .dense, request: "--dense"),
    Case(model: "tiny-mpnet", name: "dense-depth-0", method: .dense, request: "--dense --depth 0", depth: 0),
    Case(
      model: "tiny-mpnet", name: "flops-speedup-2x", method: .workSpeedup(2),
      request: "--flops-speedup 2x"),
    Case(
      model: "tiny-modernbert", name: "flops-speedup-1.5x", method: .workSpeedup(1.5),
      request: "--flops-speedup 1.5x"),
    Case(
      model: "tiny-gte", name: "int8-dense", method: .dense, request: "--dense --precision int8",
      precision: .int8),
    Case(model: "tiny-albert", name: "dense", method: .dense, request: "--dense"),
    Case(
      model: "tiny-deberta-v3", name: "flops-speedup-1.5x", method: .workSpeedup(1.5),
      request: "--flops-speedup 1.5x"),
    Case(
      model: "tuned-acc-halting", name: "halting-dense", method: .dense, request: "--method halting --dense",
      halting: .tight),
    Case(
      model: "tuned-selector-halting", name: "selector-halting-flops-speedup-1.5x",
      method: .tokens(.selectors(.dynamic), .workSpeedup(1.5)),
      request: "--method selector+halting --flops-speedup 1.5x", halting: .tight),
    Case(model: twelveLayers, name: "dense", method: .dense, request: "--dense"),
    Case(
      model: twelveLayers, name: "flops-speedup-2x", method: .workSpeedup(2), request: "--flops-speedup 2x"),
    Case(
      model: twelveLayers, name: "depth-flops-speedup-2x", method: .layers(.workSpeedup(2)),
      request: "--method depth --flops-speedup 2x"),
    Case(
      model: twelveLayers, name: "bf16-dense", method: .dense, request: "--dense --precision bf16",
      precision: .bf16),
    Case(
      model: twelveLayers, name: "int8-flops-speedup-2x", method: .workSpeedup(2),
      request: "--flops-speedup 2x --precision int8", precision: .int8),
  ]

  /// BERT-base's shape, without weights: layer numbers of two digits, and products as large as real ones.
  private static let twelveLayers = "bert-base-shape"

  /// Texts of every length up to 24, of whose tokens each of two selectors keeps about two thirds.
  private static let selectors = SelectorStatistics(
    SelectorCounts(
      layers: [1, 2],
      texts: (1...24).map { .init(tokens: $0, kept: [($0 * 2 + 2) / 3, ($0 * 4 + 8) / 9]) }))

  private func root() -> String { TestFile.fixture("../../..", beside: #filePath) }

  private func plan(_ golden: Case) throws -> Plan {
    let profile = try DeviceProfile.load(path: root() + "/specs/devices/\(Self.device).json")
    let costs = OpCosts(try CostModel(profile: profile, threads: 1))
    let request = PlanningRequest(
      golden.method, halting: golden.halting, depth: golden.depth, maximumLength: 24,
      precision: PrecisionAssignment(golden.precision),
      provenance: PlanProvenance(toolVersion: "golden", request: golden.request + " --max-length 24"))
    func inputs(_ facts: EncoderFacts, selectors: SelectorStatistics? = nil) -> PlanningInputs {
      PlanningInputs(
        facts: facts, profile: (1...facts.layers).map { 1 / Double($0 + 1) }, selectors: selectors,
        costs: costs, deviceName: profile.name)
    }
    if golden.model == Self.twelveLayers {
      let facts = SyntheticModels.facts(hidden: 768, layers: 12, heads: 12, feedForward: 3072)
      return try PlanAssembler(request, inputs(facts)).assemble().plan
    }
    let model = try ModelSpec.load(directory: FixtureModels.path(golden.model))
    let planned = try Planner.plan(
      request, model: model,
      inputs: inputs(
        EncoderFacts(model), selectors: model.tuned?.selector == nil ? nil : Self.selectors)
    ).digested()
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

  @Test(arguments: all) func isAsCommitted(golden: Case) throws {
    let plan = try plan(golden)
    let folder = "\(root())/plans/\(golden.model)/\(Self.device)"
    let path = "\(folder)/\(golden.name).plan"
    expectGolden(
      Array(TextRenderer.render(Report(explaining: plan)).utf8), "\(folder)/\(golden.name).explain.txt")
    expectGolden(Array(PlanText.render(plan).utf8), "\(folder)/\(golden.name).plan.txt")
    // The bytes: what is written must be what is committed, and what is committed must read as what was planned.
    let temporary = TemporaryDirectory()
    let written = temporary.path + "/golden.plan"
    try PlanWriter.write(plan, to: written)
    expectGolden(TestFile.bytes(written), path)
    let read = unsafe try TestFile.bytes(written).span.bytes.withUnsafeBytes {
      unsafe try PlanReader.read($0)
    }
    #expect(read.plan == plan)
    #expect(read.weights == nil)
  }

  private func expectGolden(_ bytes: [UInt8], _ path: String) {
    let difference = Golden.difference(bytes, from: path)
    #expect(difference == nil)
  }
}
