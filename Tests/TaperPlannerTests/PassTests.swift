import TaperModelSpec
import TaperPlanFormat
import TaperPlanner
import Testing

/// Passes on and off: what they remove, and that the validator accepts every combination.
@Suite struct PassTests {
  private func plan(
    _ facts: EncoderFacts, _ method: PlanningMethod, passes: PassSet, restores: Bool = true, threads: Int = 2,
    instrumentation: Instrumentation = []
  ) throws -> Plan {
    var request = PlanningRequest(method, maximumLength: 48, threads: threads, passes: passes)
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
    for method in [PlanningMethod.dense, .workSpeedup(1.3)] {
      for restores in [false, true] {
        for off in [[]] + PlannerPass.allCases.map({ [$0] }) + [PlannerPass.allCases] {
          let passes = PassSet(disabling: off)
          let plan = try plan(facts, method, passes: passes, restores: restores)
          try PlanValidator.validate(plan)
          #expect(plan.identity.passes == passes.names)
        }
      }
    }
  }
  /// Where an op costs about as much as context for the rows that half of the keys would drop, the pass pays for
  /// moderate targets and stands in the way of the fastest.
  @Test func aPassThatTheTargetNeedsOffIsNotRecorded() throws {
    func plan(_ method: PlanningMethod, _ passes: PassSet = .all) throws(PlanningError) -> Plan {
      let request = PlanningRequest(method, maximumLength: 64, passes: passes)
      let inputs = PlanningInputs(
        facts: SyntheticModels.facts(), profile: SyntheticModels.profile,
        costs: SyntheticCosts.make(overhead: 4_000))
      return try PlanAssembler(request, inputs).assemble().plan
    }
    let fused = try plan(.speedup(1.1))
    #expect(fused.ops.contains { $0.kind == .attentionScored } && fused.identity.passes == PassSet.all.names)
    let error = #expect(throws: PlanningError.self) { _ = try plan(.speedup(100)) }
    guard case .infeasible(let diagnostic) = error else {
      Issue.record("expected infeasible, found \(String(describing: error))")
      return
    }
    let most = try plan(.speedup(diagnostic.bestSpeedup))
    let without = PassSet(disabling: [.fuseAttentionScores])
    #expect(most.identity.passes == without.names)
    #expect(try most == plan(.speedup(diagnostic.bestSpeedup), without))
  }
}
