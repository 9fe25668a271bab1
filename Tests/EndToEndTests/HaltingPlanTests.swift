import CAllocationCounter
import Glibc
import TaperModelSpec
import TaperPlanFormat
import TaperPlanRuntime
import TaperPlanner
import TestSupport
import Testing

/// Plans that halt, run: against what tools/tune's model computes, and against themselves with halting switched off.
@Suite struct HaltingPlanTests {
  static let maximumLength = 20
  static let names = ["tuned-halting", "tuned-acc-halting", "tuned-selector-halting"]

  /// The fixture's own keep counts: every token (a ceiling that no selector reaches), or what its elimination says, without
  /// tile rounding.
  private static func schedule(_ model: ModelSpec, depth: Int) -> Schedule {
    guard let elimination = model.tuned?.elimination else {
      return .dense(maximumLength: maximumLength, layerCount: depth)
    }
    var counts: [UInt16] = []
    for n in 1...maximumLength {
      var kept = n
      counts.append(UInt16(n))
      for layer in 1...depth {
        let share = min(1, elimination.alpha * exp(-elimination.decay * Double(layer)))
        kept = min(kept, max(1, Int((Double(n) * share - 1e-9).rounded(.up))))
        counts.append(UInt16(kept))
      }
    }
    return Schedule(
      maximumLength: maximumLength, layerCount: depth, keepCounts: counts, restoresDroppedTokens: true)
  }

  private static func plan(
    _ model: ModelSpec, _ rule: HaltingRule, depth: Int = 4, passes: PassSet = .all,
    costs: OpCosts = RuntimeCosts.mixed
  ) throws -> LoadedPlan {
    let selects = model.tuned?.selector != nil && depth > 1
    let request = PlanningRequest(
      .fixed(schedule(model, depth: depth), selection: selects ? .dynamic : nil), halting: rule, depth: depth,
      maximumLength: maximumLength, threads: 4, passes: passes)
    let planned = try RuntimeCosts.plan(request, model, costs: costs).digested()
    let bytes = try planned.materializedWeights()
    var written = planned.plan
    written.weights.isEmbedded = true
    let file = try unsafe bytes.withUnsafeBytes { try unsafe PlanCodec.encode(written, weights: $0) }
    #expect(try PlanReader.read(file).plan == written)
    #expect(written.formatVersion == .dynamic && written.haltingRule == (depth > 1 ? rule : nil))
    #expect(written.haltingPoints == Array(1..<depth))
    return try LoadedPlan(plan: planned.plan, weightBytes: bytes)
  }

  /// Same weights, same ids: the answer of PyTorch's model at the depth at which PyTorch's rule halts, under every cap, with
  /// and without passes, on every tier.
  @Test(arguments: names, HaltingRule.allCases)
  func agreesWithTheTrainedModel(name: String, rule: HaltingRule) throws {
    let fixture = try TunedFixture(name)
    for (depth, passes) in [(4, PassSet.all), (4, .none), (3, .all), (2, .all), (1, .all)] {
      let loaded = try Self.plan(fixture.model, rule, depth: depth, passes: passes)
      for tier in [KernelTier.scalar, .avx2, .avx512] {
        var session = try Session(loaded, maximumTier: tier)
        for input in 0..<TunedFixture.inputCount {
          let answers = try fixture.values(input, "answers")
          let ids = try fixture.ids(input)
          let typeIDs = try fixture.typeIDs(input)
          let found = try Int(fixture.values(input, rule == .tight ? "depth.tighter" : "depth.authors")[0])
          session.halts = true
          try session.run(ids: ids, typeIDs: typeIDs)
          #expect(session.depth == min(found, depth), "\(name), input \(input), cap \(depth)")
          let kept = session.keptTokens
          #expect(try kept.prefix(session.depth) == fixture.rows(input).prefix(session.depth))
          let halted = session.result
          #expect(difference(halted, answers, row: session.depth - 1) < 1e-5)
          session.halts = false
          try session.run(ids: ids, typeIDs: typeIDs)
          #expect(session.depth == depth)
          #expect(difference(session.result, answers, row: depth - 1) < 1e-5)
        }
      }
    }
  }

  /// The bound's promise on thousands of random texts: no label differs from that of all layers.
  @Test(arguments: names, HaltingRule.allCases)
  func haltingChangesNoLabel(name: String, rule: HaltingRule) throws {
    let model = try TunedFixture(name).model
    var session = try Session(Self.plan(model, rule, costs: RuntimeCosts.packed))
    var generator = SeededGenerator(seed: 11)
    var histogram = [0, 0, 0, 0]
    for _ in 0..<3000 {
      let length = Int.random(in: 1...Self.maximumLength, using: &generator)
      let ids = (0..<length).map { _ in UInt32.random(in: 0..<22, using: &generator) }
      session.halts = true
      try session.run(ids: ids)
      let early = label(session.result)
      histogram[session.depth - 1] += 1
      session.halts = false
      try session.run(ids: ids)
      #expect(early == label(session.result), "\(ids)")
    }
    #expect(histogram.count { $0 > 0 } > 2, "texts end at different depths: \(histogram)")
  }

  /// The tighter rule never goes on where the authors' stops; skipped ops have no trace.
  @Test(arguments: names) func tracesEndWhereTheRunDoes(name: String) throws {
    let model = try TunedFixture(name).model
    var tight = try Session(Self.plan(model, .tight), tracing: true)
    var authors = try Session(Self.plan(model, .authors))
    var generator = SeededGenerator(seed: 5)
    for length in 1...Self.maximumLength {
      let ids = (0..<length).map { _ in UInt32.random(in: 0..<22, using: &generator) }
      try tight.run(ids: ids)
      try authors.run(ids: ids)
      #expect(tight.depth <= authors.depth)
      let (traces, ops, depth) = (tight.traces, tight.loaded.plan.ops, tight.depth)
      for (op, trace) in zip(ops, traces) where Int(op.layer) > depth && depth < 4 {
        #expect(trace.wasSkipped)
      }
    }
  }

  @Test(arguments: names) func isBitIdenticalForAnyThreadsAndRuns(name: String) throws {
    let loaded = try Self.plan(TunedFixture(name).model, .tight, costs: RuntimeCosts.packed)
    var first: [Int: [UInt32]] = [:]
    for threads in 1...4 {
      var session = try Session(loaded, threads: threads)
      for length in Array(1...Self.maximumLength) + Array((1...Self.maximumLength).reversed()) {
        try session.run(ids: (0..<length).map { UInt32($0 * 7 % 22) })
        let bits = session.result.map(\.bitPattern) + [UInt32(session.depth)]
        #expect(bits == first[length, default: bits], "\(threads) threads, \(length) tokens")
        first[length] = bits
      }
    }
  }

  @Test func aRunAllocatesNothing() async {
    await #expect(processExitsWith: .success) {
      for (name, tracing) in Self.names.flatMap({ [($0, false), ($0, true)] }) {
        let loaded = try Self.plan(TunedFixture(name).model, .tight)
        var session = try Session(loaded, threads: 2, tracing: tracing)
        let ids = (0..<20).map { UInt32($0 % 22) }
        session.warmUp()
        ac_start()
        for round in 0..<100 {
          try session.run(ids: ids.span.extracting(first: round % 20 + 1), typeIDs: [UInt32]().span)
        }
        guard ac_stop() == 0 else { exit(1) }
      }
    }
  }

  private func label(_ result: [Float]) -> Int? { result.indices.max { (result[$0], $1) < (result[$1], $0) } }

  private func difference(_ a: [Float], _ b: [Double], row: Int) -> Double {
    zip(a, b[(row * a.count)...]).map { abs(Double($0) - $1) }.max() ?? .infinity
  }
}
