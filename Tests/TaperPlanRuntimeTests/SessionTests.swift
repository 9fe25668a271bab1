import TaperPlanFormat
import TaperPlanRuntime
import TestSupport
import Testing

/// Runs of the hand-made plan against its plain definition.
@Suite struct SessionTests {
  static let schedules: [(name: String, keep: @Sendable (Int) -> Int)] = [
    ("dense", { $0 }), ("half", { ($0 + 1) / 2 }), ("one", { _ in 1 }), ("long only", { $0 < 20 ? $0 : 12 }),
  ]
  static let lengths = [1, 2, 7, 8, 9, 16, 19, 20, 33, 40]

  @Test(arguments: schedules.indices, KernelTier.allCases)
  func agreesWithTheDefinition(schedule: Int, tier: KernelTier) throws {
    for kernel in [KernelID.gemmF32OpenBLAS, .gemmF32Scalar] {
      let toy = ToyPlan(kernel: kernel, keep: Self.schedules[schedule].keep)
      var session = try Session(LoadedPlan(plan: toy.plan, weightBytes: toy.weightBytes), maximumTier: tier)
      let bound = session.tier
      #expect(bound.rawValue <= tier.rawValue)
      for length in Self.lengths {
        let ids = SeededGenerator.numbers(length, below: ToyPlan.vocabulary, seed: UInt64(length))
        let typeIDs = SeededGenerator.numbers(length, below: 2, seed: UInt64(length) + 99)
        try session.run(ids: ids, typeIDs: typeIDs)
        let expected = ToyReference(toy: toy).run(ids: ids, typeIDs: typeIDs)
        let result = session.result
        #expect(result.count == ToyPlan.labels)
        for (found, wanted) in zip(result, expected.scores) {
          #expect(abs(Double(found) - wanted) < 1e-5, "length \(length), \(Self.schedules[schedule].name)")
        }
        let positions = session.indices(ofSlotNamed: "positions") ?? []
        let count = toy.plan.schedule.tokens(after: 1, length: length)
        #expect(positions.prefix(count).map(Int.init) == expected.kept)
      }
    }
  }

  @Test func isBitIdenticalForAnyThreadsAndRuns() throws {
    let toy = ToyPlan(keep: { ($0 * 2 + 2) / 3 })
    let loaded = try LoadedPlan(plan: toy.plan, weightBytes: toy.weightBytes)
    var first: [Int: [UInt32]] = [:]
    for threads in 1...4 {
      var session = try Session(loaded, threads: threads)
      let workers = session.threads
      #expect(workers == threads)
      for round in 0..<3 {
        for length in Self.lengths {
          let ids = SeededGenerator.numbers(length, below: ToyPlan.vocabulary, seed: UInt64(length))
          try session.run(ids: ids)
          let bits = (session.contents(ofSlotNamed: "wide") ?? []).map(\.bitPattern)
          #expect(bits.count == toy.plan.schedule.tokens(after: 1, length: length) * ToyPlan.wide)
          let expected = first[length] ?? bits
          #expect(bits == expected, "\(threads) threads, round \(round), length \(length)")
          first[length] = expected
        }
      }
    }
  }

  @Test func picksTheKernelByRows() throws {
    // Small inputs on the scalar product, long ones on OpenBLAS: equal to the plans that use one of them throughout.
    var mixed = ToyPlan(keep: { $0 })
    let gemm = mixed.plan.ops.firstIndex { $0.kind == .gemm }!
    let at = mixed.plan.selections.firstIndex { Int($0.op) == gemm }!
    mixed.plan.selections.insert(
      KernelSelection(op: gemm, maximumRows: 10, kernel: .gemmF32Scalar), at: at)
    var session = try Session(LoadedPlan(plan: mixed.plan, weightBytes: mixed.weightBytes))
    for (length, kernel) in [(10, KernelID.gemmF32Scalar), (11, .gemmF32OpenBLAS)] {
      let plain = ToyPlan(kernel: kernel, keep: { $0 })
      var other = try Session(LoadedPlan(plan: plain.plan, weightBytes: plain.weightBytes))
      let ids = SeededGenerator.numbers(length, below: ToyPlan.vocabulary, seed: 5)
      try session.run(ids: ids)
      try other.run(ids: ids)
      let found = session.contents(ofSlotNamed: "wide")
      let expected = other.contents(ofSlotNamed: "wide")
      #expect(found != nil && found == expected)
    }
  }

  @Test func tracesWhatRan() throws {
    let toy = ToyPlan(keep: { $0 < 20 ? $0 : 12 })
    let loaded = try LoadedPlan(plan: toy.plan, weightBytes: toy.weightBytes)
    var session = try Session(loaded, tracing: true)
    for length in [10, 30, 10] {
      try session.run(ids: [UInt32](repeating: 1, count: length))
      let traces = session.traces
      #expect(traces.count == toy.plan.ops.count)
      var previous = Nanoseconds.zero
      for (op, trace) in zip(toy.plan.ops, traces) {
        let skipped =
          op.condition == .ifReduced && length < 20 || op.condition == .ifNotReduced && length >= 20
        #expect(trace.wasSkipped == skipped)
        guard !skipped else {
          #expect(trace == OpTrace(start: .zero, end: .zero))
          continue
        }
        #expect(trace.start >= previous && trace.end >= trace.start)
        previous = trace.end
      }
    }
    let untraced = try Session(loaded)
    let none = untraced.traces
    #expect(none.isEmpty)
  }

  @Test func warmUpLeavesNoAnswer() throws {
    let toy = ToyPlan(keep: { $0 })
    var session = try Session(LoadedPlan(plan: toy.plan, weightBytes: toy.weightBytes))
    session.warmUp()
    let before = (session.currentLength, session.contents(ofSlotNamed: "wide"))
    #expect(before.0 == 0 && before.1 == nil)
    try session.run(ids: [1, 2, 3])
    let wide = session.contents(ofSlotNamed: "wide")
    let unknown = session.contents(ofSlotNamed: "no such slot")
    let numbers = session.contents(ofSlotNamed: "positions")
    #expect(wide?.count == 3 * ToyPlan.wide)
    #expect(unknown == nil)
    #expect(numbers == nil, "a slot of u32 is no slot of floats")
  }
}
