import TaperCalibration
import TaperModelSpec
import TaperPlanFormat
import TaperPlanner
import Testing

/// Method `selector`: ceilings and counts from what calibration saw the selectors keep.
@Suite struct SelectorPlanningTests {
  /// Selectors after layers 1 and 2 of 4, keeping half and a quarter on average: every other text much less.
  private static let counts = SelectorCounts(
    layers: [1, 2],
    texts: (0..<200).map { number in
      let tokens = 4 + number * 60 / 200
      let isShort = number % 2 == 0
      return .init(
        tokens: tokens,
        kept: [max(1, tokens * (isShort ? 3 : 7) / 10), max(1, tokens * (isShort ? 1 : 4) / 10)])
    })

  private static let facts: EncoderFacts = {
    var facts = SyntheticModels.facts()
    facts.selector = SelectorFacts(layers: [1, 2], width: 8, threshold: 0.5)
    return facts
  }()

  private func plan(
    _ method: PlanningMethod, _ selection: TokenSelection = .dynamic, facts: EncoderFacts = Self.facts,
    counts: SelectorCounts? = Self.counts, depth: Int? = nil
  ) throws(PlanningError) -> Plan {
    let request = PlanningRequest(
      method.by(.selectors(selection)), depth: depth, maximumLength: 64)
    let inputs = PlanningInputs(
      facts: facts, profile: nil, selectors: counts.map(SelectorStatistics.init),
      costs: SyntheticCosts.make(tile: 8))
    return try PlanAssembler(request, inputs).assemble().plan
  }

  private func dense() throws -> UInt64 { try plan(.dense).predictions.lengths[63].planned.time.rawValue }

  @Test(arguments: TokenSelection.allCases)
  func theWorstCaseMeetsTheDeadline(_ selection: TokenSelection) throws {
    for percent in [60, 75, 90] as [UInt64] {
      let limit = Nanoseconds(try dense() * percent / 100)
      let plan = try plan(.latency(limit), selection)
      #expect(plan.predictions.lengths.allSatisfy { $0.planned.time <= limit })
      #expect(plan.identity.method == (selection == .dynamic ? "selector" : "selector-static"))
      #expect(plan.schedule.reduces(layer: 2) && !plan.schedule.reduces(layer: 3))
      #expect(plan.schedule.restoresDroppedTokens)
      let kinds = plan.ops.map(\.kind)
      #expect(kinds.contains(.selectAbove) == (selection == .dynamic))
      #expect(kinds.contains(.select) == (selection == .static))
      // Ceilings follow the shares: about twice as many tokens after the first selector as after the second.
      let kept = plan.schedule.retentionConfiguration(length: 64).map(Int.init)
      if kept[1] < 64 { #expect(kept[2] <= kept[1] * 6 / 10 + 8) }
    }
  }

  @Test func expectationsLieBelowTheWorstCase() throws {
    let plan = try plan(.speedup(1.3))
    let expectations = try #require(plan.expectations)
    #expect(expectations.texts == 200)
    #expect(expectations.lengths.count == 64)
    let (worst, long) = (plan.predictions.lengths[63].planned.time, expectations.lengths[63])
    #expect(long.mean < worst && long.p50 <= long.p90 && long.p90 <= long.p99 && long.p99 <= worst)
    #expect(long.p50 < long.p90, "half of the texts keep much less than the others")
    let kept = Array(expectations.keptTokens(length: 64))
    #expect(kept[0] >= kept[1] && kept[1] == kept[2] && kept[2] == kept[3])
    let ceilings = plan.schedule.retentionConfiguration(length: 64).dropFirst()
    #expect(zip(kept, ceilings).allSatisfy { $0 <= Float($1) })
    #expect(expectations.cappedShares[2] == 0 && expectations.cappedShares[3] == 0)
    // Every time is that of a run of the op list: a text that keeps what the ceilings allow takes the worst case.
    var full = Self.counts
    full = SelectorCounts(
      layers: [1, 2], texts: full.texts.map { .init(tokens: $0.tokens, kept: [$0.tokens, $0.tokens]) })
    let all = try self.plan(.dense, counts: full)
    #expect(all.expectations == nil && all.schedule == .dense(maximumLength: 64, layerCount: 4))
    let capped = try self.plan(.speedup(1.3), counts: full)
    #expect(capped.expectations?.lengths[63].mean == capped.predictions.lengths[63].planned.time)
    #expect(capped.expectations?.cappedShares[0] ?? 0 > 0.5)
  }

  /// Weights that stay in caches are cheap in single runs as they are in the plan's worst case.
  @Test func singleRunsArePricedAsThePlanIs() throws {
    var costs = SyntheticCosts.make(tile: 8)
    costs.resident = { _ in SyntheticCosts.make(tile: 8, overhead: 50, panel: 320) }
    let text = SelectorCounts.Text(tokens: 64, kept: [20, 5])
    let inputs = PlanningInputs(
      facts: Self.facts, profile: nil,
      selectors: SelectorStatistics(SelectorCounts(layers: [1, 2], texts: [text])), costs: costs)
    let request = PlanningRequest(
      .tokens(.selectors(.dynamic), .latency(Nanoseconds(1_000_000_000))), maximumLength: 64)
    let assembled = try PlanAssembler(request, inputs).assemble()
    let times = assembled.pricing.times([(keptTokens: [64, 20, 5, 5, 5], depth: 4)], assembled.plan)
    #expect(times == [try #require(assembled.plan.expectations).overall.mean])
    #expect(times[0] < assembled.plan.predictions.lengths[63].planned.time)
  }

  @Test func aLooserTargetNeverKeepsFewerTokens() throws {
    for selection in TokenSelection.allCases {
      var previous: [UInt16] = []
      for factor in [1.8, 1.6, 1.4, 1.2, 1] {
        let counts = try plan(.speedup(factor), selection).schedule.keepCounts
        #expect(previous.isEmpty || zip(counts, previous).allSatisfy { $0 >= $1 }, "\(factor)x")
        previous = counts
      }
    }
  }

  @Test func ceilingsThatLetEverythingThroughStillSelect() throws {
    let limit = Nanoseconds(try dense() * 2)
    let plan = try plan(.latency(limit))
    #expect(plan.schedule.retentionConfiguration(length: 64) == [64, 64, 64, 64, 64])
    #expect(plan.ops.count { $0.kind == .selectAbove } == 2)
    let expectations = try #require(plan.expectations)
    #expect(expectations.lengths[63].mean < plan.predictions.lengths[63].planned.time)
    // The same target in a static plan is met by the dense one.
    let whole = try self.plan(.latency(limit), .static)
    #expect(whole.identity.method == "dense" && whole.expectations == nil)
  }

  /// A weights file that plans share names every plan's tensors in each plan's index.
  @Test func selectorsAreThoseThatOpsRead() throws {
    var dense = try plan(.dense)
    #expect(Explanation(dense).selectors.isEmpty)
    for selection in TokenSelection.allCases {
      let selecting = try plan(.speedup(1.3), selection)
      #expect(Explanation(selecting).selectors.last?.layer == 2)
      dense.weights.entries += selecting.weights.entries.filter { $0.name.contains(".selector.") }
    }
    #expect(Explanation(dense).selectors.isEmpty)
  }

  @Test func workIsThatOfFinishedLayers() throws {
    let plan = try plan(.workSpeedup(1.5), .static)
    let kept = plan.schedule.retentionConfiguration(length: 64).map(Int.init)
    var analysis = SpeedupAnalysis(Self.facts.shape)
    analysis.dropping = .afterLayer
    let length = plan.predictions.lengths[63]
    #expect(length.publishedWork == analysis.publishedWork(kept))
    #expect(analysis.publishedSpeedup(kept) >= 1.5)
    // Layer 1 is computed whole.
    #expect(analysis.publishedWork([64, 1]) == analysis.publishedWork([64, 64]))
  }

  @Test func theThresholdIsThatOfTheLogit() {
    func logit(_ threshold: Double) -> Float {
      SelectorFacts(layers: [1], width: 8, threshold: threshold).logitThreshold
    }
    #expect(logit(0.5) == 0)
    #expect(abs(logit(0.75) - 1.0986123) < 1e-6)
    #expect(logit(0) == -Float.greatestFiniteMagnitude && logit(1) == .greatestFiniteMagnitude)
  }

  @Test func whatIsMissingIsSaid() throws {
    func error(_ body: () throws(PlanningError) -> Plan) -> PlanningError? {
      do throws(PlanningError) {
        _ = try body()
        return nil
      } catch {
        return error
      }
    }
    #expect(
      error { () throws(PlanningError) in try plan(.speedup(2), facts: SyntheticModels.facts()) }
        == .selectorsMissing)
    #expect(error { () throws(PlanningError) in try plan(.speedup(2), depth: 1) } == .selectorsMissing)
    #expect(
      error { () throws(PlanningError) in try plan(.speedup(2), counts: nil) } == .selectorsNotCalibrated)
    // Of a calibration made when other layers had selectors.
    let others = SelectorCounts(layers: [1, 3], texts: Self.counts.texts)
    #expect(
      error { () throws(PlanningError) in try plan(.speedup(2), counts: others) }
        == .selectorLayersDiffer(expected: [1, 2], found: [1, 3]))
    guard case .infeasible? = error({ () throws(PlanningError) in try plan(.speedup(20)) }) else {
      Issue.record("20x is out of reach")
      return
    }
  }

  @Test func aCutKeepsTheSelectorsBelowIt() throws {
    let plan = try plan(.speedup(1.5), depth: 2)
    #expect(plan.identity.method == "selector+depth")
    #expect(plan.ops.count { $0.kind == .selectAbove } == 1)
    #expect(!plan.weights.entries.contains { $0.name.hasPrefix("layer.2.selector") })
  }
}
