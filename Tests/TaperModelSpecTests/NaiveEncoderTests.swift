import TaperModelSpec
import TestSupport
import Testing

/// The naive reference against transformers, and elimination against its definition.
@Suite struct NaiveEncoderTests {
  /// Every layer's hidden states within 1e-4 and logits (or the pooled vector) within 1e-5, for lengths 1, 2, 7, 20.
  @Test(arguments: TinyModel.allCases)
  func agreesWithTransformers(_ tiny: TinyModel) throws {
    let model = try tiny.load()
    let encoder = try NaiveEncoder(model)
    let expected = try SafetensorsFile(path: tiny.path + "/expected.safetensors")
    for input in 0..<4 {
      let run = encoder.run(
        ids: try expected.floats("\(input).ids").map { UInt32($0) },
        typeIDs: try expected.floats("\(input).types").map { UInt32($0) })
      let hidden = try expected.floats("\(input).hidden").map(Double.init)
      #expect(difference(run.hidden.flatMap { $0.flatMap { $0 } }, hidden) < 1e-4)
      #expect(difference(run.logits, try expected.floats("\(input).logits").map(Double.init)) < 1e-5)
    }
  }

  @Test(arguments: TinyModel.twoLayers)
  func keepingEveryTokenIsTheDenseRun(_ tiny: TinyModel) throws {
    let encoder = try NaiveEncoder(tiny.load())
    let ids = (0..<12).map { UInt32(5 + 7 * $0 % 80) }
    let dense = encoder.run(ids: ids)
    let kept = encoder.run(ids: ids, keepCounts: [12, 12, 12], restoresDroppedTokens: true)
    #expect(kept.hidden == dense.hidden)
    #expect(kept.output == dense.output)
    #expect(dense.scores.allSatisfy { abs($0.reduce(0, +) - 12) < 1e-9 }, "scores of a layer have mean 1")
  }

  /// Dropping in the last layer only changes which rows are finished, never their values; dropped rows keep the
  /// state that entered the layer.
  @Test(arguments: TinyModel.twoLayers)
  func droppingInTheLastLayerKeepsTheRest(_ tiny: TinyModel) throws {
    let encoder = try NaiveEncoder(tiny.load())
    let ids = (0..<12).map { UInt32(5 + 7 * $0 % 80) }
    let dense = encoder.run(ids: ids)
    let reduced = encoder.run(ids: ids, keepCounts: [12, 12, 5])
    let kept = reduced.positions[2]
    #expect(kept.count == 5 && kept[0] == 0 && kept == kept.sorted())
    #expect(reduced.hidden[2] == kept.map { dense.hidden[2][$0] })
    let scores = dense.scores[1]
    let dropped = (0..<12).filter { !kept.contains($0) }
    #expect(dropped.allSatisfy { row in kept.dropFirst().allSatisfy { scores[$0] >= scores[row] } })
  }

  @Test func restoringTakesEachDroppedTokensLastState() throws {
    let encoder = try NaiveEncoder(TinyModel.mpnet.load())
    let ids = (0..<9).map { UInt32(5 + 11 * $0 % 80) }
    let run = encoder.run(ids: ids, keepCounts: [9, 6, 2], restoresDroppedTokens: true)
    var last = run.hidden[0]
    for layer in 1...2 {
      for (row, position) in run.positions[layer].enumerated() { last[position] = run.hidden[layer][row] }
    }
    let mean = last[0].indices.map { column in last.reduce(0) { $0 + $1[column] } / 9 }
    #expect(difference(run.pooled, mean) < 1e-12)
    #expect(difference(run.pooled, encoder.run(ids: ids, keepCounts: [9, 6, 2]).pooled) > 1e-3)
  }

  /// After tokens are dropped, relative biases, rotary angles and local windows are still those of the original positions:
  /// attention over the kept rows at their original positions equals the layer run on them, and differs from the layer
  /// run on renumbered rows.
  @Test(arguments: [TinyModel.mpnet, .modernbert, .nomicBert])
  func positionsAreTheOriginalOnes(_ tiny: TinyModel) throws {
    let model = try tiny.load()
    let encoder = try NaiveEncoder(model)
    let ids = (0..<12).map { UInt32(5 + 7 * $0 % 80) }
    let run = encoder.run(ids: ids, keepCounts: [12, 4, 4])
    #expect(run.positions[1] != [0, 1, 2, 3])
    #expect(encoder.layerOutput(2, run.hidden[1], positions: run.positions[1]) == run.hidden[2])
    #expect(encoder.layerOutput(2, run.hidden[1], positions: [0, 1, 2, 3]) != run.hidden[2])
  }

  private func difference(_ a: [Double], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).map { abs($0 - $1) }.max() ?? 0
  }
}
