import TaperModelSpec
import TaperPlanFormat
import TestSupport
import Testing

/// The naive definition of halting against what tools/tune's PyTorch model computes on the same weights.
@Suite struct NaiveHaltingTests {
  @Test(arguments: ["tuned-halting", "tuned-acc-halting", "tuned-selector-halting"])
  func agreesWithPyTorch(_ name: String) throws {
    let fixture = try TunedFixture(name)
    let encoder = try NaiveEncoder(fixture.model)
    let halting = try NaiveHalting(fixture.model)
    let restores = try #require(fixture.model.tuned).restoresDroppedTokens
    var depths: Set<Int> = []
    for input in 0..<TunedFixture.inputCount {
      let selects = fixture.model.tuned?.selector != nil
      let run = encoder.run(
        ids: try fixture.ids(input), typeIDs: try fixture.typeIDs(input),
        keepCounts: selects ? nil : try fixture.keepCounts(input),
        choice: selects ? .selectorsByThreshold : .attention, restoresDroppedTokens: restores)
      #expect(try run.positions.map(\.count) == fixture.rows(input))
      let outcome = halting.answers(to: run, restoresDroppedTokens: restores)
      for (layer, features) in outcome.features.enumerated() {
        #expect(difference(features, try fixture.values(input, "features.\(layer + 1)")) < 1e-5)
      }
      #expect(difference(outcome.answers.flatMap { $0 }, try fixture.values(input, "answers")) < 1e-6)
      #expect(difference(outcome.left, try fixture.values(input, "left")) < 1e-6)
      #expect(try outcome.depth(.authors) == Int(fixture.values(input, "depth.authors")[0]))
      #expect(try outcome.depth(.tight) == Int(fixture.values(input, "depth.tighter")[0]))
      depths.formUnion([outcome.depth(.authors), outcome.depth(.tight)])
    }
    #expect(depths.count > 1, "the fixture's texts end at different depths")
  }

  private func difference(_ a: [Double], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).map { abs($0 - $1) }.max() ?? 0
  }
}
