import CAllocationCounter
import TaperModelSpec
import TaperPlanFormat
import TaperPlanRuntime
import TaperPlanner
import TestSupport
import Testing

/// Plans that choose tokens by their words before the first layer, with and without a lens, run against the naive
/// encoder.
@Suite struct WordPlanTests {
  static let lengths = [1, 2, 3, 5, 8, 9, 16, 17, 23, 24]
  static let maximumLength = RuntimePlannedTests.maximumLength

  /// Few penalties, so that repeats reach the last.
  static func lexicon(_ model: ModelSpec) -> Lexicon {
    var generator = SeededGenerator(seed: 7)
    let scores = (0..<model.shape.vocabulary).map { _ in Float.random(in: -1..<1, using: &generator) }
    return Lexicon(scores: scores, penalties: [0, 0.7, 1.1])
  }

  /// Of layer 1 and 2; a layer without a map counts as zero.
  static func lens(_ model: ModelSpec) -> Lens {
    var generator = SeededGenerator(seed: 8)
    let hidden = Int(model.shape.hidden)
    func floats(_ count: Int) -> [Float] {
      (0..<count).map { _ in Float.random(in: -0.3..<0.3, using: &generator) }
    }
    return Lens(
      maps: Dictionary(
        uniqueKeysWithValues: (1...2).map {
          ($0, Lens.Map(weight: floats(hidden * hidden), bias: floats(hidden)))
        }))
  }

  enum ReadOut: CaseIterable { case kept, restored, lens }

  static func plan(
    _ model: ModelSpec, _ schedule: Schedule, _ readOut: ReadOut, words: Bool = true, passes: PassSet = .all,
    precision: Precision = .f32, costs: OpCosts = RuntimeCosts.mixed
  ) throws -> PlannedModel {
    let request = PlanningRequest(
      .fixed(schedule), maximumLength: maximumLength, threads: 4, precision: PrecisionAssignment(precision),
      restoresDroppedTokens: readOut != .kept, lens: readOut == .lens ? lens(model) : nil,
      lexicon: words ? lexicon(model) : nil, passes: passes)
    return try RuntimeCosts.plan(request, model, costs: costs)
  }

  static func loaded(_ planned: PlannedModel) throws -> LoadedPlan {
    let bytes = try planned.materializedWeights()
    var written = try planned.digested().plan
    written.weights.isEmbedded = true
    let file = try unsafe bytes.withUnsafeBytes { try unsafe PlanCodec.encode(written, weights: $0) }
    #expect(try PlanReader.read(file).plan == written)
    return try LoadedPlan(plan: planned.plan, weightBytes: bytes)
  }

  /// The committed fixture: Python and the runtime agree on the same weights.
  @Test(arguments: [PassSet.all, .none])
  func agreesWithTheTrainedModel(passes: PassSet) throws {
    let model = try RuntimePlannedTests.model("tuned-lexical")
    let trained = try #require(model.tuned?.lexical)
    let folder = TestFile.fixture("x").split(separator: "/").dropLast(3).joined(separator: "/")
    let expected = try SafetensorsFile(
      path: "/\(folder)/TaperModelSpecTests/Fixtures/tuned-lexical/expected.safetensors")
    let counts = (1...Self.maximumLength).flatMap { n in
      [n] + [Int](repeating: max(min(n, 8), (n + 1) / 2), count: 4)
    }
    let schedule = Schedule(
      maximumLength: Self.maximumLength, layerCount: 4, keepCounts: counts.map(UInt16.init),
      restoresDroppedTokens: false)
    let request = PlanningRequest(
      .fixed(schedule), maximumLength: Self.maximumLength, threads: 4, restoresDroppedTokens: false,
      lexicon: Lexicon(scores: try model.tensor(.wordScores), penalties: trained.penalties), passes: passes)
    var session = try Session(Self.loaded(RuntimeCosts.plan(request, model, costs: RuntimeCosts.mixed)))
    for input in 0..<3 {
      func floats(_ name: String) throws -> [Double] {
        try expected.floats("\(input).\(name)").map(Double.init)
      }
      let ids = try floats("ids").map { UInt32($0) }
      try session.run(ids: ids, typeIDs: floats("types").map { UInt32($0) })
      #expect(session.keptTokens[4] == (try floats("positions.4").count), "\(ids.count) tokens")
      let answer = NaiveMath.softmax(try floats("logits"))
      let error = zip(session.result, answer).map { abs(Double($0) - $1) }.max() ?? 1
      #expect(error < 1e-5, "\(ids.count) tokens")
    }
  }

  @Test(
    arguments: RuntimePlannedTests.models,
    ["half", "first layer only", "one token", "long inputs only", "dense"])
  func equalsTheNaiveEncoder(name: String, scheduleName: String) throws {
    let model = try RuntimePlannedTests.model(name)
    let naive = try NaiveEncoder(model)
    let lexicon = Self.lexicon(model)
    let maps = Self.lens(model).maps.mapValues { ($0.weight, $0.bias) }
    let readOuts = model.head.pooling == .mean ? ReadOut.allCases : [.kept, .restored]
    var compared = 0
    for (words, readOut) in readOuts.map({ (true, $0) }) + (readOuts.contains(.lens) ? [(false, .lens)] : [])
    {
      let schedule = RuntimeSchedules.make(
        scheduleName, maximumLength: Self.maximumLength, restores: readOut != .kept)
      for passes in [PassSet.all, .none] {
        let loaded = try Self.loaded(Self.plan(model, schedule, readOut, words: words, passes: passes))
        #expect((loaded.plan.formatVersion == .words) == schedule.reducesAnywhere)
        for tier in [KernelTier.scalar, .avx2, .avx512] {
          var session = try Session(loaded, maximumTier: tier)
          for length in Self.lengths {
            let input = RuntimePlannedTests.input(model, length, seed: 1)
            let expected = naive.run(
              ids: input.ids, typeIDs: input.typeIDs,
              keepCounts: schedule.retentionConfiguration(length: length).map(Int.init),
              choice: words
                ? .words(scores: lexicon.scores, penalties: lexicon.penalties) : .attention,
              restoresDroppedTokens: loaded.plan.schedule.restoresDroppedTokens,
              lens: readOut == .lens && loaded.plan.schedule.restoresDroppedTokens
                ? NaiveLens(maps: maps) : nil)
            guard expected.selectionMargin > 1e-4 else { continue }
            try session.run(ids: input.ids, typeIDs: input.typeIDs)
            let error = zip(session.result, expected.output).map { abs(Double($0) - $1) }.max() ?? 0
            #expect(
              error < 2e-5,
              "\(length) tokens, \(readOut), words \(words), passes \(passes.names)")
            compared += 1
          }
        }
      }
    }
    #expect(compared > 60, "most inputs have a clear choice of tokens")
  }

  @Test(arguments: [Precision.f32, .bf16, .int8])
  func isBitIdenticalForAnyThreads(precision: Precision) throws {
    let model = try RuntimePlannedTests.model("tiny-mpnet")
    let schedule = RuntimeSchedules.make("half", maximumLength: Self.maximumLength, restores: true)
    let loaded = try Self.loaded(
      Self.plan(model, schedule, .lens, precision: precision, costs: RuntimeCosts.packed))
    let lens = loaded.plan.weights.entries.filter { $0.name.hasPrefix("lens.") && $0.shape.count == 2 }
    #expect(lens.count == 2 && lens.allSatisfy { $0.element == .f32 }, "the lens stays f32")
    var first: [Int: [UInt32]] = [:]
    for threads in 1...4 {
      var session = try Session(loaded, threads: threads)
      for length in Self.lengths {
        let input = RuntimePlannedTests.input(model, length, seed: 2)
        try session.run(ids: input.ids, typeIDs: input.typeIDs)
        let bits = session.result.map(\.bitPattern)
        #expect(bits == first[length, default: bits], "\(threads) threads, \(length) tokens")
        first[length] = bits
      }
    }
  }

  /// Layers have T(1) rows from the first on, and none asks attention for scores.
  @Test func everyLayerIsOfKeptTokens() throws {
    let model = try RuntimePlannedTests.model("tiny-bert-classifier")
    let schedule = RuntimeSchedules.make(
      "first layer only", maximumLength: Self.maximumLength, restores: true)
    let plan = try Self.plan(model, schedule, .lens).plan
    #expect(plan.identity.method == "lexical")
    #expect(plan.ops.allSatisfy { ![.attentionScores, .attentionScored].contains($0.kind) })
    #expect(plan.ops.filter { $0.kind.isProduct && $0.layer == 1 && $0.rows == .input }.isEmpty)
    #expect(plan.ops.count { $0.kind == .wordScores } == 1 && plan.ops.count { $0.kind == .select } == 1)
  }

  @Test func refusesAForeignLexicon() throws {
    let model = try RuntimePlannedTests.model("tiny-bert-classifier")
    let schedule = RuntimeSchedules.make("half", maximumLength: Self.maximumLength, restores: false)
    let request = PlanningRequest(
      .fixed(schedule), maximumLength: Self.maximumLength,
      lexicon: Lexicon(scores: [1, 2, 3], penalties: [0]))
    #expect(throws: PlanningError.lexiconMismatch(expected: Int(model.shape.vocabulary), found: 3)) {
      try RuntimeCosts.plan(request, model)
    }
  }
}
