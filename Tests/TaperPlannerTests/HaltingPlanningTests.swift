import TaperModelSpec
import TaperPlanFormat
import TaperPlanner
import Testing

/// Plans whose runs may end early.
@Suite struct HaltingPlanningTests {
  private static func facts(_ pooling: Pooling = .mean, normalized: Bool = true) -> EncoderFacts {
    var facts = SyntheticModels.facts(
      head: SyntheticModels.head(
        pooling, kind: .classification, normalized: normalized, outputs: 3, hidden: 64))
    facts.haltingLayers = 4
    return facts
  }

  private func plan(
    _ method: PlanningMethod, by dropping: TokenDropping? = nil, rule: HaltingRule = .tight,
    depth: Int? = nil,
    facts: EncoderFacts = facts(), passes: PassSet = .all
  ) throws(PlanningError) -> Plan {
    let request = PlanningRequest(
      method.by(dropping), halting: rule, depth: depth, maximumLength: 64, passes: passes)
    let inputs = PlanningInputs(
      facts: facts, profile: SyntheticModels.profile, costs: SyntheticCosts.make(tile: 1))
    return try PlanAssembler(request, inputs).assemble().plan
  }

  @Test(arguments: [Pooling.mean, .cls], [true, false])
  func everyLayerButTheLastMayEndARun(pooling: Pooling, normalized: Bool) throws {
    for passes in [PassSet.all, .none] {
      let facts = Self.facts(pooling, normalized: normalized)
      let plan = try plan(.dense, facts: facts, passes: passes)
      #expect(
        plan.haltingPoints == [1, 2, 3] && plan.haltingRule == .tight && plan.identity.method == "halting")
      #expect(plan.ops.filter { $0.kind == .haltTight }.map(\.extent) == [3, 2, 1])
      #expect(plan.ops.count { $0.kind == .accumulate } == 4 && plan.ops.last?.kind == .accumulate)
      #expect(plan.ops.count { $0.kind == .l2Normalize } == (normalized ? 4 : 0))
      let names = plan.weights.entries.map(\.name)
      #expect(names.contains("halting.4.classifier.weight") && !names.contains("halting.4.unit.weight"))
      #expect(!names.contains("head.weight"))
      let halting = try #require(plan.halting)
      #expect(halting.layers == 4 && halting.measured == nil)
      for length in 1...64 {
        let times = (1...4).compactMap { plan.predictedTime(length: length, depth: $0) }
        #expect(times == times.sorted() && times[0] < times[1])
        #expect(times[3] == plan.predictions.lengths[length - 1].planned.time)
        // Heads and tests on the way cost something; dense is the plain encoder.
        #expect(times[3] > plan.predictions.lengths[length - 1].denseTime)
      }
    }
  }

  /// A cap's tests still protect the answer of all layers.
  @Test func theCapIsTheDeepestWhoseWorstCaseMeetsTheTarget() throws {
    let whole = try plan(.dense)
    let limit = Nanoseconds(whole.predictions.lengths[63].planned.time.rawValue * 6 / 10)
    let plan = try plan(.latency(limit), rule: .authors)
    let cap = plan.schedule.layerCount
    #expect(cap < 4 && plan.identity.method == "depth+halting" && plan.haltingRule == .authors)
    #expect(plan.predictions.lengths.allSatisfy { $0.planned.time <= limit })
    #expect(try self.plan(.dense, depth: cap + 1).predictions.lengths[63].planned.time > limit)
    #expect(plan.halting?.layers == 4)
    #expect(plan.ops.filter { $0.kind == .haltAuthors }.map { Int($0.extent) } == (1..<cap).map { 4 - $0 })
    #expect(plan.haltingPoints == Array(1..<cap))
  }

  /// With the given cap the worst case must meet the target too.
  @Test func aCapThatMissesTheTargetIsInfeasible() throws {
    let time = try plan(.dense, depth: 1).predictions.lengths[63].planned.time
    let error = #expect(throws: PlanningError.self) {
      try plan(.latency(Nanoseconds(time.rawValue * 3 / 2)), depth: 3)
    }
    guard case .infeasible(let diagnostic) = error else {
      Issue.record("expected an infeasible target, found \(String(describing: error))")
      return
    }
    #expect(diagnostic.bestDepth == 3 && diagnostic.length == 64)
    #expect(throws: PlanningError.self) { try plan(.latency(Nanoseconds(10))) }
  }

  @Test func tokensAndLayersTogether() throws {
    let plan = try plan(.speedup(2), by: .attention())
    #expect(plan.identity.method == "acc+halting" && plan.schedule.layerCount == 4)
    #expect(plan.schedule.restoresDroppedTokens && plan.haltingPoints == [1, 2, 3])
    let length = plan.predictions.lengths[63]
    #expect(Double(length.denseTime.rawValue) >= 2 * Double(length.planned.time.rawValue))
    // Every point puts the tokens it has back among those dropped, from the first layer that drops any.
    let scatters = plan.ops.filter { $0.kind == .scatter && $0.index.isNone }
    let first = (1...4).first { plan.schedule.reduces(layer: $0) } ?? 0
    #expect(scatters.map { Int($0.layer) } == (first..<4) + [5])
    let capped = try self.plan(.speedup(2), by: .attention(), depth: 2)
    #expect(capped.identity.method == "acc+depth+halting" || capped.identity.method == "depth+halting")
    #expect(capped.schedule.tokens(after: 2, length: 64) >= plan.schedule.tokens(after: 2, length: 64))
  }

  /// Where tokens alone cannot reach the target, layers go too, as few as will do.
  @Test func layersGoWhereTokensDoNotSuffice() throws {
    var speedup = 2.0
    var depths: [Int] = []
    while speedup < 20 {
      do throws(PlanningError) {
        depths.append(try plan(.speedup(speedup), by: .attention()).schedule.layerCount)
      } catch {
        break
      }
      speedup *= 1.15
    }
    #expect(depths == depths.sorted(by: >) && depths.first == 4 && depths.last == 1, "\(depths)")
  }

  @Test func whatHaltingCannotBePlannedWith() {
    #expect(throws: PlanningError.haltingPointsMissing) {
      try plan(.dense, facts: SyntheticModels.facts())
    }
    let request = PlanningRequest(
      .dense, halting: .tight, maximumLength: 64,
      headOverride: HeadOverride(
        weight: [Float](repeating: 0, count: 192), bias: [0, 0, 0], labels: ["a", "b", "c"]))
    let inputs = PlanningInputs(facts: Self.facts(), profile: nil, costs: SyntheticCosts.make(tile: 1))
    #expect(throws: PlanningError.haltingKeepsItsHeads) { try PlanAssembler(request, inputs).assemble() }
  }
  /// Under a cap the most that is saved is what lies beyond it.
  @Test func whatACapCannotReachIsSaid() throws {
    for (depth, best) in [(3, 4.0 / 3), (nil, 4)] {
      let error = #expect(throws: PlanningError.self) { _ = try plan(.workSpeedup(10), depth: depth) }
      guard case .infeasible(let diagnostic) = error else {
        Issue.record("expected an infeasible target; found \(String(describing: error))")
        continue
      }
      #expect(diagnostic.bestSpeedup == best && diagnostic.bestDepth == depth ?? 1)
    }
  }
}
