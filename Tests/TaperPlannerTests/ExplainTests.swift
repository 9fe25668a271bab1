import TaperPlanFormat
import TaperPlanner
import TaperReportRendering
import Testing

@Suite struct ExplainTests {
  private func plan(_ name: String, _ method: PlanningMethod) throws -> Plan {
    let facts = try #require(SyntheticModels.all.first { $0.name == name }).facts
    let request = PlanningRequest(method, maximumLength: 64, threads: 2)
    return try PlanAssembler(
      request,
      PlanningInputs(
        facts: facts, profile: SyntheticModels.profile, costs: SyntheticCosts.make(tile: 8),
        deviceName: "formula")
    ).assemble().plan
  }

  @Test(arguments: SyntheticModels.all.prefix(9).map(\.name))
  func fitsATerminal(name: String) throws {
    for target in [PlanningMethod.dense, .workSpeedup(1.5)] {
      let text = TextRenderer.render(Report(explaining: try plan(name, target)))
      for line in text.split(separator: "\n") { #expect(line.count <= 110, "\(line)") }
      let narrow = TextRenderer.render(Report(explaining: try plan(name, target)), columns: 80)
      for line in narrow.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    }
  }

  /// Names of tensors are the file's: any text.
  @Test(arguments: ["layer", "layer.weight", "", "layer.1"])
  func namesOfTensorsAreAnyText(name: String) throws {
    var plan = try plan(SyntheticModels.all[0].name, .dense)
    for entry in plan.weights.entries.indices { plan.weights.entries[entry].name = name }
    #expect(!TextRenderer.render(Report(explaining: plan)).isEmpty)
  }
}
