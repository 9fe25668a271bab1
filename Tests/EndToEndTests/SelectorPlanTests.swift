import CAllocationCounter
import Glibc
import TaperModelSpec
import TaperPlanFormat
import TaperPlanRuntime
import TaperPlanner
import TestSupport
import Testing

/// Plans with selectors, run, against the naive encoder and against what tools/tune's model computes.
@Suite struct SelectorPlanTests {
  static let maximumLength = 24
  static let lengths = [1, 2, 3, 5, 8, 9, 16, 17, 23, 24]
  static let schedules = [
    "all", "half", "first selector", "second selector", "one token", "long inputs only",
  ]

  static func model() throws -> ModelSpec { try RuntimePlannedTests.model("tuned-selector") }

  /// Ceilings after the selectors of layers 1 and 2 of 4.
  private static func schedule(_ name: String) -> Schedule {
    var counts: [UInt16] = []
    for n in 1...maximumLength {
      let (first, second) =
        switch name {
        case "half": ((n + 1) / 2, (n + 3) / 4)
        case "first selector": ((n + 2) / 3, (n + 2) / 3)
        case "second selector": (n, (n + 1) / 2)
        case "one token": (1, 1)
        case "long inputs only": (min(n, 12), min(n, 9))
        default: (n, n)
        }
      counts += [n, first, second, second, second].map(UInt16.init)
    }
    return Schedule(
      maximumLength: maximumLength, layerCount: 4, keepCounts: counts, restoresDroppedTokens: true)
  }

  private static func plan(
    _ name: String, _ selection: TokenSelection, passes: PassSet = .all, restores: Bool = true,
    costs: OpCosts = RuntimeCosts.mixed, precision: Precision = .f32
  ) throws -> LoadedPlan {
    let request = PlanningRequest(
      .fixed(schedule(name), selection: selection), maximumLength: maximumLength, threads: 4,
      precision: PrecisionAssignment(precision), restoresDroppedTokens: restores, passes: passes,
      instrumentation: .hiddenStates)
    let planned = try RuntimeCosts.plan(request, model(), costs: costs).digested()
    let bytes = try planned.materializedWeights()
    var written = planned.plan
    written.weights.isEmbedded = true
    let file = try unsafe bytes.withUnsafeBytes { try unsafe PlanCodec.encode(written, weights: $0) }
    #expect(try PlanReader.read(file).plan == written)
    return try LoadedPlan(plan: planned.plan, weightBytes: bytes)
  }

  @Test(arguments: schedules, TokenSelection.allCases)
  func equalsTheNaiveEncoder(name: String, selection: TokenSelection) throws {
    let model = try Self.model()
    let naive = try NaiveEncoder(model)
    let schedule = Self.schedule(name)
    var compared = 0
    for restores in [true, false] {
      for (passes, costs) in [
        (PassSet.all, RuntimeCosts.mixed), (.all, RuntimeCosts.packed), (.none, RuntimeCosts.mixed),
      ] {
        let loaded = try Self.plan(name, selection, passes: passes, restores: restores, costs: costs)
        #expect((loaded.plan.formatVersion == .dynamic) == (selection == .dynamic))
        let restored = loaded.plan.schedule.restoresDroppedTokens
        for tier in [KernelTier.scalar, .avx2, .avx512] {
          var session = try Session(loaded, maximumTier: tier)
          for length in Self.lengths {
            let input = RuntimePlannedTests.input(model, length, seed: 1)
            let counts = schedule.retentionConfiguration(length: length).map(Int.init)
            let expected = naive.run(
              ids: input.ids, typeIDs: input.typeIDs, keepCounts: counts,
              choice: selection == .dynamic ? .selectorsByThreshold : .selectorsByCount,
              restoresDroppedTokens: restored)
            guard expected.selectionMargin > 1e-5 else { continue }
            try session.run(ids: input.ids, typeIDs: input.typeIDs)
            let (kept, result) = (session.keptTokens, session.result)
            #expect(kept == expected.positions.map(\.count), "\(length) tokens")
            for layer in 0...4 {
              let states = session.contents(ofSlotNamed: "hidden.\(layer)") ?? []
              #expect(difference(states, expected.hidden[layer].flatMap { $0 }) < 2e-4)
            }
            #expect(difference(result, expected.output) < 2e-5, "\(length) tokens, \(passes.names)")
            compared += 1
          }
        }
      }
    }
    #expect(compared > 120, "most of 180 inputs have a clear choice of tokens")
  }

  /// The committed fixture: Python and the runtime agree on the same weights.
  @Test(arguments: [PassSet.all, .none])
  func agreesWithTheTrainedModel(passes: PassSet) throws {
    let folder = TestFile.fixture("x").split(separator: "/").dropLast(3).joined(separator: "/")
    let expected = try SafetensorsFile(
      path: "/\(folder)/TaperModelSpecTests/Fixtures/tuned-selector/expected.safetensors")
    var session = try Session(Self.plan("all", .dynamic, passes: passes))
    for input in 0..<3 {
      func floats(_ name: String) throws -> [Double] {
        try expected.floats("\(input).\(name)").map(Double.init)
      }
      try session.run(
        ids: floats("ids").map { UInt32($0) }, typeIDs: floats("types").map { UInt32($0) })
      let (kept, result) = (session.keptTokens, session.result)
      for layer in 0...4 {
        #expect(kept[layer] == (try floats("positions.\(layer)").count))
        let states = session.contents(ofSlotNamed: "hidden.\(layer)") ?? []
        #expect(difference(states, try floats("hidden.\(layer)")) < 1e-4)
      }
      #expect(difference(result, NaiveMath.softmax(try floats("logits"))) < 1e-5)
    }
  }

  @Test(arguments: [Precision.f32, .bf16, .int8])
  func isBitIdenticalForAnyThreadsAndRuns(precision: Precision) throws {
    let model = try Self.model()
    let loaded = try Self.plan("long inputs only", .dynamic, costs: RuntimeCosts.packed, precision: precision)
    var first: [Int: [UInt32]] = [:]
    var kept: Set<[Int]> = []
    for threads in 1...4 {
      var session = try Session(loaded, threads: threads)
      for length in Self.lengths + Self.lengths.reversed() {
        let input = RuntimePlannedTests.input(model, length, seed: 2)
        try session.run(ids: input.ids, typeIDs: input.typeIDs)
        let bits = session.result.map(\.bitPattern)
        #expect(bits == first[length, default: bits], "\(threads) threads, \(length) tokens")
        first[length] = bits
        kept.insert(session.keptTokens)
      }
    }
    #expect(kept.count == Self.lengths.count, "equal inputs keep equally many tokens")
  }

  @Test func aRunAllocatesNothing() async {
    await #expect(processExitsWith: .success) {
      let loaded = try Self.plan("half", .dynamic, costs: RuntimeCosts.packed)
      var session = try Session(loaded, threads: 2)
      let ids = [UInt32](repeating: 7, count: 24)
      session.warmUp()
      ac_start()
      for round in 0..<100 {
        try session.run(ids: ids.span.extracting(first: round % 24 + 1), typeIDs: [UInt32]().span)
      }
      guard ac_stop() == 0 else { exit(1) }
    }
  }

  private func difference(_ a: [Float], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).map { abs(Double($0) - $1) }.max() ?? 0
  }
}
