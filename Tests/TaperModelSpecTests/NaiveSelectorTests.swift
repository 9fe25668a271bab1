import TaperModelSpec
import TestSupport
import Testing

/// The naive reference's selectors against tools/tune's model (tools/tune/tests/make_fixtures.py), and by definition.
@Suite struct NaiveSelectorTests {
  @Test func agreesWithTheTrainedModel() throws {
    let model = try TinyModel.tunedSelector.load()
    let encoder = try NaiveEncoder(model)
    let expected = try SafetensorsFile(path: TinyModel.tunedSelector.path + "/expected.safetensors")
    var dropped = 0
    for input in 0..<3 {
      func floats(_ name: String) throws -> [Double] {
        try expected.floats("\(input).\(name)").map(Double.init)
      }
      let ids = try floats("ids").map { UInt32($0) }
      let run = encoder.run(
        ids: ids, typeIDs: try floats("types").map { UInt32($0) }, choice: .selectorsByThreshold,
        restoresDroppedTokens: true)
      for layer in 0...4 {
        #expect(run.positions[layer].map(Double.init) == (try floats("positions.\(layer)")), "layer \(layer)")
        #expect(difference(run.hidden[layer].flatMap { $0 }, try floats("hidden.\(layer)")) < 1e-4)
      }
      for layer in [1, 2] {
        let pi = try #require(run.selection[layer])
        #expect(difference(pi, try floats("pi.\(layer)")) < 1e-5)
        #expect(run.positions[layer].count == 1 + pi.dropFirst().count { $0 >= 0.5 })
      }
      #expect(difference(run.pooled, try floats("features")) < 1e-5)
      #expect(difference(run.logits, try floats("logits")) < 1e-5)
      dropped += ids.count - run.positions[4].count
    }
    #expect(dropped > 5, "the fixture drops tokens")
  }

  @Test func aCeilingKeepsTheLargest() throws {
    let encoder = try NaiveEncoder(TinyModel.tunedSelector.load())
    let expected = try SafetensorsFile(path: TinyModel.tunedSelector.path + "/expected.safetensors")
    let ids = try expected.floats("2.ids").map { UInt32($0) }
    let free = encoder.run(ids: ids, choice: .selectorsByThreshold)
    let passed = free.positions[1].count
    try #require(passed > 3 && passed < ids.count)
    for ceiling in [2, passed - 1, passed, passed + 1] {
      let counts = [ids.count] + [Int](repeating: ceiling, count: 4)
      let capped = encoder.run(ids: ids, keepCounts: counts, choice: .selectorsByThreshold)
      let counted = encoder.run(ids: ids, keepCounts: counts, choice: .selectorsByCount)
      #expect(capped.positions[1].count == min(ceiling, passed))
      #expect(counted.positions[1].count == ceiling)
      #expect(Set(capped.positions[1]).isSubset(of: free.positions[1]))
      if ceiling <= passed { #expect(capped.positions[1] == counted.positions[1]) }
    }
  }

  private func difference(_ a: [Double], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).map { abs($0 - $1) }.max() ?? 0
  }
}
