import TaperModelSpec
import TaperPlanFormat
import TaperPlanner
import TaperReportRendering
import Testing

/// Plans of no layers: what is planned, what it says of itself, what is refused.
@Suite struct WordRowsTests {
  private func plan(
    _ method: PlanningMethod = .dense, _ facts: EncoderFacts = SyntheticModels.facts(),
    halting: HaltingRule? = nil, precision: Precision = .f32, head: HeadOverride? = nil
  ) throws(PlanningError) -> Plan {
    var request = PlanningRequest(
      method, halting: halting, depth: 0, maximumLength: 64, precision: PrecisionAssignment(precision))
    request.headOverride = head
    let inputs = PlanningInputs(
      facts: facts, profile: SyntheticModels.profile, costs: SyntheticCosts.make(tile: 1))
    return try PlanAssembler(request, inputs).assemble().plan
  }

  private func head(_ width: Int) -> HeadOverride {
    HeadOverride(
      kind: .classification, weight: [Float](repeating: 0, count: 2 * width), bias: [0, 0],
      labels: ["a", "b"])
  }

  @Test func theOpsAreTheRowsTheMeanAndTheHead() throws {
    let embedding = try plan()
    #expect(embedding.ops.map(\.kind) == [.embed, .mean, .l2Normalize])
    #expect(embedding.weights.entries.map(\.name) == ["embeddings.word"])
    #expect(embedding.schedule == .dense(maximumLength: 64, layerCount: 0))
    #expect(embedding.identity.method == "depth" && embedding.formatVersion == .wordRows)
    for (name, facts) in SyntheticModels.all where !facts.head.normalized {
      let plan = try plan(.dense, facts, head: head(64))
      #expect(plan.ops.map(\.kind) == [.embed, .mean, .gemm, .softmax], "\(name)")
      #expect(plan.head.pooling == .mean && plan.head.labels == ["a", "b"], "\(name)")
    }
  }

  /// Models that project their embeddings are planned as wide as the table.
  @Test func theWidthIsTheTables() throws {
    var facts = SyntheticModels.facts(hidden: 60, heads: 4)
    facts.form.embeddingWidth = 14
    (facts.form.projectsEmbeddings, facts.form.normalizesFirst) = (true, true)
    let plan = try plan(.dense, facts)
    #expect(plan.ops.map(\.kind) == [.embed, .mean, .l2Normalize])
    #expect(plan.model.hidden == 14 && plan.head.outputWidth == 14)
    #expect(try self.plan(.dense, facts, head: head(14)).head.outputWidth == 2)
    #expect(throws: PlanningError.headShapeMismatch(expectedWeights: 28, foundWeights: 120, labels: 2)) {
      try self.plan(.dense, facts, head: head(60))
    }
  }

  @Test func pricesAndRatios() throws {
    let dense = try PlanAssembler(
      PlanningRequest(.dense, maximumLength: 64),
      PlanningInputs(
        facts: SyntheticModels.facts(), profile: nil, costs: SyntheticCosts.make(tile: 1))
    ).assemble().plan
    let plan = try plan(.layers(.speedup(4)))
    #expect(plan.schedule.layerCount == 0)
    for length in 1...64 {
      let prediction = plan.predictions.lengths[length - 1]
      #expect(prediction.planned.time > .zero && prediction.timeSpeedup > 1)
      #expect(prediction.denseTime == dense.predictions.lengths[length - 1].planned.time)
      #expect(prediction.publishedWorkSpeedup == nil && prediction.publishedDenseWork > .zero)
    }
    #expect(try self.plan(.layers(.workSpeedup(1000))).schedule.layerCount == 0)
  }

  @Test func whatItSaysOfItself() throws {
    let plan = try plan()
    let limits = Limits(plan, length: 64, costs: SyntheticCosts.make(), others: [])
    #expect(limits.layers.isEmpty && limits.whole.isEmpty && limits.unpriced.isEmpty)
    let text = TextRenderer.render(Report(explaining: plan, limits: limits))
    #expect(text.contains("word rows of 64, no layers") && text.contains("No layer is left"))
    let explained = Explanation(plan)
    #expect(explained.lengths.allSatisfy { $0.publishedSpeedup == nil && $0.keepCounts.isEmpty })
    #expect(explained.sections.map(\.title) == ["embeddings", "pooling and head"])
  }

  @Test func whatCannotBeIsRefused() throws {
    let keeps = PlanningError.wordRowsKeepEveryToken
    #expect(throws: keeps) { try plan(.speedup(2)) }
    #expect(throws: keeps) { try plan(.fixed(.dense(maximumLength: 64, layerCount: 4))) }
    #expect(throws: keeps) { try plan(.dense, halting: .tight) }
    for precision in Precision.allCases where precision != .f32 {
      #expect(throws: PlanningError.wordRowsNotRounded(precision)) { try plan(precision: precision) }
    }
    let tokens = HeadSpec(
      kind: .tokenClassification, steps: [], labels: ["a", "b"], outputWidth: 2, hasLinear: true)
    #expect(throws: PlanningError.wordRowsNeedPooling) {
      try plan(.dense, SyntheticModels.facts(head: tokens))
    }
    let trained = SyntheticModels.head(.mean, kind: .regression, outputs: 1, hidden: 64)
    #expect(throws: PlanningError.wordRowsNeedHead) { try plan(.dense, SyntheticModels.facts(head: trained)) }
    // No method goes down to no layers by itself.
    let inputs = PlanningInputs(
      facts: SyntheticModels.facts(), profile: nil, costs: SyntheticCosts.make(tile: 1))
    for target in [PlanningTarget.speedup(50), .workSpeedup(50)] {
      let request = PlanningRequest(.layers(target), maximumLength: 64)
      #expect(throws: PlanningError.self) { _ = try PlanAssembler(request, inputs).assemble() }
    }
  }
}
