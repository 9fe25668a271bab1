import TaperModelSpec
import TaperPlanFormat
import TaperPlanner
import Testing

/// Passes on and off: what they remove, and that the validator accepts every combination.
@Suite struct PassTests {
  private func plan(
    _ facts: EncoderFacts, target: PlanningTarget, passes: PassSet, restores: Bool = true, threads: Int = 2,
    instrumentation: Instrumentation = []
  ) throws -> Plan {
    var request = PlanningRequest(target: target, maximumLength: 48, threads: threads, passes: passes)
    request.restoresDroppedTokens = restores
    request.instrumentation = instrumentation
    let profile = Array(SyntheticModels.profile.prefix(facts.layers))
    return try PlanAssembler(
      request, PlanningInputs(facts: facts, profile: profile, costs: SyntheticCosts.make())
    )
    .assemble().plan
  }

  /// Assembly ends in the validator; a plan it refuses stops the process.
  @Test(arguments: SyntheticModels.all.map(\.name))
  func everyPassMayBeOff(name: String) throws {
    let facts = try #require(SyntheticModels.all.first { $0.name == name }).facts
    for target in [PlanningTarget.dense, .workSpeedup(1.3)] {
      for restores in [false, true] {
        for off in [[]] + PlannerPass.allCases.map({ [$0] }) + [PlannerPass.allCases] {
          let passes = PassSet(disabling: off)
          let plan = try plan(facts, target: target, passes: passes, restores: restores)
          try PlanValidator.validate(plan)
          #expect(plan.identity.passes == passes.names)
        }
      }
    }
  }
}
