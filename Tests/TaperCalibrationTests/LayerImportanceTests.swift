import TaperCalibration
import Testing

@Suite struct LayerImportanceTests {
  @Test func oddCountByHand() {
    let importance = LayerImportance(scores: [0.5, 2, 0.5, 1, 1])
    #expect(importance.contextContribution == 1)
    // Sorted 0.5 0.5 1 1 2: the 10% point lies 0.4 of the way from the first to the second, the 70% point 0.8
    // of the way from the third (index 2) to the fourth.
    let expected = [0.5, 0.5, 0.5, 0.6, 0.8, 1, 1, 1, 1.2, 1.6, 2]
    for (found, expected) in zip(importance.deciles, expected) { #expect(abs(found - expected) < 1e-12) }
    // The top fifth holds 2 of 5, the top two fifths 3 of 5; between them straight lines: at 8/32 = a
    // quarter, a quarter of the way.
    #expect(abs(importance.cumulativeMass[8] - (0.4 + 0.25 * 0.2)) < 1e-12)
    #expect(abs(importance.cumulativeMass[16] - 0.7) < 1e-12)
    #expect(importance.cumulativeMass.first == 0)
    #expect(importance.cumulativeMass.last == 1)
    #expect(importance.cumulativeMass.count == LayerImportance.massPointCount)
  }

  @Test func evenCountTakesTheMiddle() {
    #expect(LayerImportance(scores: [4, 1, 2, 3]).contextContribution == 2.5)
  }

  @Test func oneToken() {
    let importance = LayerImportance(scores: [1])
    #expect(importance.contextContribution == 1)
    #expect(importance.deciles == [Double](repeating: 1, count: 11))
    #expect(importance.cumulativeMass[16] == 0.5)
  }

  @Test func zeroScoresSpreadEvenly() {
    let importance = LayerImportance(scores: [0, 0, 0, 0])
    #expect(importance.contextContribution == 0)
    #expect(importance.cumulativeMass == (0...32).map { Double($0) / 32 })
  }

  @Test func evenScoresHoldMassInProportion() {
    let importance = LayerImportance(scores: [Float](repeating: 1, count: 7))
    for (index, mass) in importance.cumulativeMass.enumerated() {
      #expect(abs(mass - Double(index) / 32) < 1e-12)
    }
  }
}
