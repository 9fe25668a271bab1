import TaperModelSpec
import TaperPlanFormat
import TaperPlanRuntime
import TaperPlanner
import TestSupport
import Testing

/// Plans of no layers of every family, run, against the mean of the checkpoint's own rows.
@Suite struct WordRowsPlanTests {
  /// The sum in token order, times 1/n, in f32: bit for bit, on every tier.
  private static func mean(_ table: [Float], _ ids: [UInt32], width: Int) -> [Float] {
    var sum = [Float](repeating: 0, count: width)
    for id in ids {
      for column in 0..<width { sum[column] += table[Int(id) * width + column] }
    }
    return sum.map { $0 * (1 / Float(ids.count)) }
  }

  private static func request(_ head: HeadOverride?, _ passes: PassSet) -> PlanningRequest {
    var request = PlanningRequest(
      .dense, depth: 0, maximumLength: RuntimePlannedTests.maximumLength, threads: 4, passes: passes,
      instrumentation: .features)
    request.headOverride = head
    return request
  }

  @Test(arguments: RuntimePlannedTests.models + ["tiny-albert-groups"])
  func isTheMeanOfTheTablesRows(name: String) throws {
    let model = try RuntimePlannedTests.model(name)
    let width = model.form.embeddingWidth
    let head = HeadOverride(
      kind: .classification, weight: (0..<2 * width).map { Float($0 % 7) - 3 }, bias: [0.5, -0.5],
      labels: ["a", "b"])
    guard model.head.pooling != .tokens, model.head.kind != .sparse else {
      #expect(throws: PlanningError.wordRowsNeedPooling) {
        try RuntimeCosts.plan(Self.request(head, .all), model)
      }
      return
    }
    let table = try model.tensor(.wordEmbedding)
    for passes in [PassSet.all, .none] {
      let planned = try RuntimeCosts.plan(Self.request(head, passes), model)
      let loaded = try LoadedPlan(plan: planned.plan, weightBytes: planned.materializedWeights())
      for tier in [KernelTier.scalar, .avx2, .avx512] {
        var session = try Session(loaded, maximumTier: tier)
        for length in RuntimePlannedTests.lengths {
          let input = RuntimePlannedTests.input(model, length, seed: 5)
          try session.run(ids: input.ids, typeIDs: input.typeIDs)
          let (depth, kept) = (session.depth, session.keptTokens)
          #expect(depth == 0 && kept == [length])
          let expected = Self.mean(table, input.ids, width: width)
          let slot = session.contents(ofSlotNamed: "features")
          let features = try #require(slot)
          if model.head.normalized {
            let norm = NaiveMath.l2Normalize(expected.map(Double.init))
            #expect(zip(features, norm).allSatisfy { abs(Double($0) - $1) < 1e-6 }, "\(length) tokens")
          } else {
            #expect(features == expected, "\(length) tokens")
          }
          // The head reads them.
          var logits = head.bias.map(Double.init)
          for (place, weight) in head.weight.enumerated() {
            logits[place / width] += Double(weight) * Double(features[place % width])
          }
          let scores = session.result
          let wanted = NaiveMath.softmax(logits)
          #expect(zip(scores, wanted).allSatisfy { abs(Double($0) - $1) < 1e-5 }, "\(length) tokens")
        }
      }
    }
  }

  /// An embedding model's vectors are the rows' mean, as wide as the table.
  @Test(arguments: RuntimePlannedTests.models) func embeddings(name: String) throws {
    let model = try RuntimePlannedTests.model(name)
    guard model.head.kind == .embedding else { return }
    let planned = try RuntimeCosts.plan(
      PlanningRequest(.dense, depth: 0, maximumLength: 20), model)
    #expect(Int(planned.plan.head.outputWidth) == model.form.embeddingWidth)
    var session = try Session(LoadedPlan(plan: planned.plan, weightBytes: planned.materializedWeights()))
    let input = RuntimePlannedTests.input(model, 9, seed: 2)
    try session.run(ids: input.ids, typeIDs: input.typeIDs)
    let table = try model.tensor(.wordEmbedding)
    let expected = Self.mean(table, input.ids, width: model.form.embeddingWidth).map(Double.init)
    let result = session.result
    let wanted = model.head.normalized ? NaiveMath.l2Normalize(expected) : expected
    #expect(result.count == wanted.count && zip(result, wanted).allSatisfy { abs(Double($0) - $1) < 1e-6 })
  }
}
