import TaperModelSpec
import TaperPlanFormat
import TaperPlanner
import Testing

/// Plans that end before the last layer.
@Suite struct DepthTests {
  private let facts = SyntheticModels.facts()

  private func plan(
    _ method: PlanningMethod, by dropping: TokenDropping? = nil, depth: Int? = nil
  ) throws(PlanningError) -> Plan {
    let request = PlanningRequest(method.by(dropping), depth: depth, maximumLength: 64)
    let inputs = PlanningInputs(
      facts: facts, profile: SyntheticModels.profile, costs: SyntheticCosts.make(tile: 1))
    return try PlanAssembler(request, inputs).assemble().plan
  }

  @Test func theDeepestCutThatMeetsTheTarget() throws {
    let dense = try plan(.dense)
    let time = dense.predictions.lengths[63].planned.time
    for percent in [30, 55, 80] as [UInt64] {
      let limit = Nanoseconds(time.rawValue * percent / 100)
      let plan = try plan(.latency(limit))
      let depth = plan.schedule.layerCount
      #expect(plan.identity.method == "depth")
      #expect(plan.predictions.lengths.allSatisfy { $0.planned.time <= limit })
      #expect(try self.plan(.dense, depth: depth + 1).predictions.lengths[63].planned.time > limit)
      #expect(plan.schedule == .dense(maximumLength: 64, layerCount: depth))
      // Speedups are over the whole encoder.
      #expect(plan.predictions.lengths.map(\.denseTime) == dense.predictions.lengths.map(\.planned.time))
    }
  }

  @Test func workSpeedupIsLayersOverLayers() throws {
    let plan = try plan(.workSpeedup(2))
    #expect(plan.schedule.layerCount == 2)
    let length = plan.predictions.lengths[63]
    #expect(length.publishedDenseWork.rawValue == 2 * length.publishedWork.rawValue)
    #expect(try self.plan(.workSpeedup(2.1)).schedule.layerCount == 1)
  }

  @Test func depthAndTokensTogether() throws {
    let tokens = try plan(.speedup(2.5), by: .attention())
    let both = try plan(.speedup(2.5), by: .attention(), depth: 3)
    #expect(both.identity.method == "acc+depth")
    #expect(both.schedule.layerCount == 3)
    #expect(both.schedule.tokens(after: 3, length: 64) > tokens.schedule.tokens(after: 3, length: 64))
    // A cut that meets the target alone keeps every token.
    #expect(
      try plan(.speedup(1.2), by: .attention(), depth: 3).schedule == .dense(maximumLength: 64, layerCount: 3)
    )
  }

  @Test func weightsOfLayersThatAreCutAreNotStored() throws {
    let whole = try plan(.dense)
    let half = try plan(.dense, depth: 2)
    #expect(whole.weights.entries.contains { $0.name.hasPrefix("layer.4.") })
    #expect(!half.weights.entries.contains { $0.name.hasPrefix("layer.3.") || $0.name.hasPrefix("layer.4.") })
  }

  @Test func whatCannotBeIsRefused() throws {
    #expect(throws: PlanningError.depthOutOfRange(requested: 5, layers: 4)) { try plan(.dense, depth: 5) }
    #expect(throws: PlanningError.depthOutOfRange(requested: -1, layers: 4)) { try plan(.dense, depth: -1) }
    // One layer cannot be fifty times faster than four.
    let error = #expect(throws: PlanningError.self) { _ = try plan(.speedup(50)) }
    guard case .infeasible(let diagnostic) = error else {
      Issue.record("expected an infeasible target; found \(String(describing: error))")
      return
    }
    #expect(diagnostic.bestDepth == 1)
    #expect(diagnostic.bestSpeedup > 3 && diagnostic.bestSpeedup <= 4)
  }
}
