import TaperModelSpec
import TaperPlanFormat
import TaperPlanner
import Testing

/// What targets promise, on devices written down as formulas.
@Suite struct TargetTests {
  private let facts = SyntheticModels.facts()

  private func plan(
    _ method: PlanningMethod, tile: Int = 1, passes: PassSet = .all, facts: EncoderFacts? = nil,
    maximumLength: Int = 64
  ) throws(PlanningError) -> Plan {
    let request = PlanningRequest(method, maximumLength: maximumLength, passes: passes)
    let inputs = PlanningInputs(
      facts: facts ?? self.facts, profile: SyntheticModels.profile, costs: SyntheticCosts.make(tile: tile))
    return try PlanAssembler(request, inputs).assemble().plan
  }

  private func denseTime(_ length: Int, tile: Int = 1) throws -> Nanoseconds {
    try plan(.dense, tile: tile).predictions.lengths[length - 1].planned.time
  }

  @Test func denseKeepsEverythingAndPredictsItself() throws {
    let plan = try plan(.dense)
    #expect(plan.identity.method == "dense")
    #expect(plan.schedule == .dense(maximumLength: 64, layerCount: 4))
    #expect(plan.ops.allSatisfy { $0.condition == .always })
    for length in plan.predictions.lengths {
      #expect(length.planned.time == length.denseTime)
      #expect(length.planned.work == length.denseWork)
    }
  }

  @Test(arguments: [1, 8, 16]) func latencyHoldsForEveryLength(tile: Int) throws {
    let dense = try denseTime(64, tile: tile)
    for percent in [40, 50, 60, 75, 90, 99] {
      let limit = Nanoseconds(dense.rawValue * UInt64(percent) / 100)
      let plan = try plan(.latency(limit), tile: tile)
      for (number, length) in plan.predictions.lengths.enumerated() {
        #expect(length.planned.time <= limit, "\(number + 1) tokens")
      }
      // Something is dropped where it must be, and nothing at one token.
      #expect(plan.schedule.tokens(after: 4, length: 64) < 64)
      #expect(plan.schedule.tokens(after: 4, length: 1) == 1)
    }
  }

  @Test func shortInputsStayDense() throws {
    // Dense at 32 tokens takes about 0.39 ms, at 64 about 0.79 ms.
    let limit = Nanoseconds(try denseTime(40).rawValue)
    let plan = try plan(.latency(limit))
    for length in 1...32 {
      #expect(plan.schedule.retentionConfiguration(length: length).allSatisfy { Int($0) == length })
    }
    #expect(plan.schedule.tokens(after: 4, length: 64) < 64)
  }

  @Test func aLatencyThatDenseMeetsIsDense() throws {
    let plan = try plan(.latency(try denseTime(64)))
    #expect(plan.identity.method == "dense")
  }

  @Test func speedupIsReachedAtTheReferenceLength() throws {
    for factor in [1.1, 1.3, 1.5, 1.7] {
      let reference = try #require(try plan(.speedup(factor)).predictions.lengths.last)
      #expect(Double(reference.denseTime.rawValue) / Double(reference.planned.time.rawValue) >= factor)
    }
  }

  @Test func workSpeedupIsReachedByThePublishedForm() throws {
    for factor in [1.2, 1.5, 2.0, 3.0] {
      let reference = try #require(try plan(.workSpeedup(factor)).predictions.lengths.last)
      let found = Double(reference.publishedDenseWork.rawValue) / Double(reference.publishedWork.rawValue)
      #expect(found >= factor)
      #expect(found < factor * 1.25, "more dropped than asked")
    }
  }

  /// A deadline at a percentile is one for the median, shorter by the profile's ratio of the two.
  @Test func percentilesPlanForTheMedianBelowThem() throws {
    func plan(_ method: PlanningMethod, _ costs: OpCosts) throws(PlanningError) -> Plan {
      let inputs = PlanningInputs(facts: facts, profile: SyntheticModels.profile, costs: costs)
      return try PlanAssembler(PlanningRequest(method, maximumLength: 64), inputs)
        .assemble().plan
    }
    let costs = SyntheticCosts.make(tail: { $0 == .p999 ? 2 : $0 == .p50 ? 1 : 1.25 })
    let limit = Nanoseconds(try denseTime(64).rawValue * 9 / 10)
    let median = try plan(.latency(Nanoseconds(limit.rawValue * 4 / 5)), costs)
    let tail = try plan(.latency(limit, at: .p99), costs)
    #expect(tail.schedule == median.schedule && tail.predictions == median.predictions)
    #expect(tail.predictions.lengths.allSatisfy { $0.planned.time.rawValue * 5 / 4 <= limit.rawValue })
    #expect(try plan(.latency(limit), costs).schedule != tail.schedule)

    let error = #expect(throws: PlanningError.self) {
      try plan(.latency(Nanoseconds(20_000), at: .p999), costs)
    }
    guard case .infeasible(let diagnostic) = error else {
      Issue.record("expected infeasible, found \(String(describing: error))")
      return
    }
    #expect(
      diagnostic.missedLimit == TimeLimits([.init(upTo: .max, Nanoseconds(20_000))], at: .p999)
        && diagnostic.overMedian == 2)
    let least = #expect(throws: PlanningError.self) { try plan(.latency(Nanoseconds(20_000)), costs) }
    guard case .infeasible(let diagnosticOfMedian) = least else {
      Issue.record("expected infeasible, found \(String(describing: least))")
      return
    }
    #expect(diagnostic.best == Nanoseconds(2 * diagnosticOfMedian.best.rawValue))
    // A profile that does not say how times spread is refused, but for the median.
    #expect(throws: PlanningError.tailNotMeasured(.p90)) {
      try plan(.latency(limit, at: .p90), SyntheticCosts.make())
    }
  }

  /// A looser target never keeps fewer tokens, at any length or layer.
  @Test(arguments: [1, 8]) func looserTargetsKeepMore(tile: Int) throws {
    let dense = Double(try denseTime(64, tile: tile).rawValue)
    let families: [[PlanningMethod]] = [
      stride(from: 0.4, through: 1.0, by: 0.05).map { .latency(Nanoseconds(UInt64(dense * $0))) },
      stride(from: 1.8, through: 1.0, by: -0.1).map { .speedup($0) },
      stride(from: 4, through: 1.0, by: -0.25).map { .workSpeedup($0) },
    ]
    for family in families {
      var tighter: Schedule?
      for target in family {
        let schedule = try plan(target, tile: tile).schedule
        if let tighter {
          #expect(zip(tighter.keepCounts, schedule.keepCounts).allSatisfy { $0 <= $1 }, "\(target)")
        }
        tighter = schedule
      }
    }
  }

  @Test func tilesAreFilledAndTheTargetStillHolds() throws {
    let dense = try denseTime(64, tile: 8)
    let limit = Nanoseconds(dense.rawValue * 6 / 10)
    let rounded = try plan(.latency(limit), tile: 8)
    let exact = try plan(.latency(limit), tile: 8, passes: PassSet(disabling: [.tileRounding]))
    let kept = rounded.schedule.retentionConfiguration(length: 64).dropFirst()
    #expect(kept.allSatisfy { $0 % 8 == 0 })
    #expect(exact.schedule.retentionConfiguration(length: 64).dropFirst().contains { $0 % 8 != 0 })
    #expect(rounded.predictions.lengths.allSatisfy { $0.planned.time <= limit })
  }

  @Test func infeasibleTargetsSayTheBest() throws {
    let error = #expect(throws: PlanningError.self) { try plan(.latency(Nanoseconds(20_000))) }
    guard case .infeasible(let diagnostic) = error else {
      Issue.record("expected infeasible, found \(String(describing: error))")
      return
    }
    #expect(diagnostic.length == 64)
    #expect(diagnostic.best > Nanoseconds(20_000) && diagnostic.best < diagnostic.dense)
    // Four layers of 3·64² + 64² + 2·64·256 weights.
    #expect(diagnostic.weightTraffic == Bytes(4 * 4 * (4 * 64 * 64 + 2 * 64 * 256)))
    #expect(diagnostic.bestKeepCounts == [1, 1, 1, 1])
    // The best is reachable, one nanosecond less is not.
    #expect(throws: Never.self) { try plan(.latency(diagnostic.best)) }
    #expect(throws: PlanningError.self) { try plan(.latency(Nanoseconds(diagnostic.best.rawValue - 1))) }
  }

  @Test func infeasibleSpeedupsSayTheGreatest() throws {
    for target in [PlanningMethod.speedup(100), .workSpeedup(100)] {
      let error = #expect(throws: PlanningError.self) { try plan(target) }
      guard case .infeasible(let diagnostic) = error else {
        Issue.record("expected infeasible")
        return
      }
      #expect(diagnostic.bestSpeedup > 1.5 && diagnostic.bestSpeedup < 100)
      #expect(diagnostic.missedLimit == nil && target.target == diagnostic.target)
    }
  }

  @Test func fewerThreadsAndOtherInputsAreRefused() {
    #expect(throws: PlanningError.lengthOutOfRange(requested: 65, maximum: 64)) {
      try plan(.dense, maximumLength: 65)
    }
    #expect(throws: PlanningError.lengthOutOfRange(requested: 0, maximum: 64)) {
      try plan(.dense, maximumLength: 0)
    }
    #expect(throws: PlanningError.targetOutOfRange(.speedup(0.5))) { try plan(.speedup(0.5)) }
    #expect(throws: PlanningError.targetOutOfRange(.latency(.zero))) { try plan(.latency(.zero)) }
    let request = PlanningRequest(.speedup(2), maximumLength: 64)
    #expect(throws: PlanningError.calibrationMissing) {
      try PlanAssembler(request, PlanningInputs(facts: facts, profile: nil, costs: SyntheticCosts.make()))
        .assemble()
    }
    #expect(throws: PlanningError.calibrationLayersDiffer(expected: 4, found: 2)) {
      try PlanAssembler(request, PlanningInputs(facts: facts, profile: [1, 1], costs: SyntheticCosts.make()))
        .assemble()
    }
    #expect(throws: PlanningError.kernelMissing(.gemm)) {
      let costs = SyntheticCosts.make(kinds: Set(OpKind.allCases).subtracting([.gemm]))
      _ = try PlanAssembler(
        PlanningRequest(maximumLength: 8), PlanningInputs(facts: facts, profile: nil, costs: costs)
      )
      .assemble()
    }
  }
}
