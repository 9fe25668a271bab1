import TaperPlanFormat
import TaperPlanner
import Testing

/// The published numbers that the speedup analysis must give.
@Suite struct SpeedupAnalysisTests {
  private let bertBase = SpeedupAnalysis(hidden: 768, feedForward: 4 * 768)

  @Test func powerBERTsRetentionConfiguration() {
    let counts = [256, 153, 125, 111, 105, 85, 80, 72, 48, 35, 27, 22, 5]
    #expect((bertBase.publishedSpeedup(counts) * 100).rounded() == 329)
  }

  @Test(arguments: [(64, 230), (128, 273), (256, 292), (512, 285)])
  func ceilingWhenOnlyTheFirstTokenSurvives(length: Int, tenths: Int) {
    let counts = [length] + [Int](repeating: 1, count: 12)
    #expect(Int((bertBase.publishedSpeedup(counts) * 10).rounded()) == tenths)
  }

  @Test func layerByLayer() {
    // d = 2, f = 8, T = 4 → 3: 4·4·4 + 2·2·16 + 2·2·8·3 = 224 MACs.
    let analysis = SpeedupAnalysis(hidden: 2, feedForward: 8)
    #expect(analysis.publishedWork([4, 3]) == Flops(448))
  }

  @Test func speedupFallsAsAlphaRises() {
    let family = RetentionFamily(profile: (1...12).map { 1 / (1 + 0.1 * Double($0)) })
    for length in [1, 7, 64, 128] {
      var previous = Double.infinity
      for alpha in family.alphas(length: length).reversed() {
        let speedup = bertBase.publishedSpeedup(family.counts(alpha, length: length))
        #expect(speedup <= previous)
        previous = speedup
      }
      #expect(previous == 1)
    }
  }

  @Test func keepCountsFollowTheDefinition() {
    let family = RetentionFamily(profile: [1, 0.5, 0.26, 0.01])
    #expect(family.counts(1, length: 10) == [10, 10, 5, 3, 1])
    #expect(family.counts(0.5, length: 10) == [10, 5, 3, 2, 1])
    #expect(family.counts(0, length: 10) == [10, 1, 1, 1, 1])
    #expect(family.counts(1000, length: 10) == [10, 10, 10, 10, 10])
    // α = m/(n·k) keeps m tokens, not m + 1, for every m.
    for kept in 1...97 {
      let alpha = Double(kept) / (97 * 0.7)
      #expect(RetentionFamily(profile: [0.7]).counts(alpha, length: 97) == [97, kept])
    }
  }

  @Test func roundingNeverRaisesACountAboveTheLayerBefore() {
    let family = RetentionFamily(profile: [0.9, 0.5], rounded: [0, 8, 8, 8, 8, 8, 8, 8, 8, 16, 16, 16])
    #expect(family.counts(1, length: 10) == [10, 10, 8])
    #expect(family.counts(0.5, length: 6) == [6, 6, 6])
  }
}
