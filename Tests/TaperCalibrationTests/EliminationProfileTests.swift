import TaperCalibration
import Testing

@Suite struct EliminationProfileTests {
  @Test func exponentialContributionsAreFittedExactly() {
    let profile = EliminationProfile(contributions: [0.8, 0.4, 0.2, 0.1])
    for (layer, retention) in profile.retention.enumerated() {
      #expect(abs(retention - [0.5, 0.25, 0.125, 0.0625][layer]) < 1e-12)
    }
  }

  /// Logs 0, −1, −1 over l = 1, 2, 3: slope −½ by hand, so k_l = exp(−l/2).
  @Test func leastSquaresByHand() {
    let profile = EliminationProfile(contributions: [1, 0.36787944117144233, 0.36787944117144233])
    #expect(abs(profile.decay - 0.5) < 1e-12)
    #expect(abs(profile.retention[0] - 0.6065306597126334) < 1e-12)
    #expect(abs(profile.retention[2] - 0.22313016014842982) < 1e-12)
  }

  @Test func scaleDoesNotMatter() {
    let a = EliminationProfile(contributions: [0.9, 0.7, 0.75, 0.4])
    let b = EliminationProfile(contributions: [1.8, 1.4, 1.5, 0.8])
    #expect(abs(a.decay - b.decay) < 1e-12)
  }

  @Test func risingContributionsSingleNothingOut() {
    #expect(EliminationProfile(contributions: [0.1, 0.5, 0.9]).retention == [1, 1, 1])
  }

  @Test(arguments: [[], [0.4], [0, 0, 0], [0.7, 0.7]]) func flatCases(contributions: [Double]) {
    #expect(
      EliminationProfile(contributions: contributions).retention == contributions.map { _ in 1 })
  }

  @Test func zeroContributionCountsAsTheFloor() {
    let zero = EliminationProfile(contributions: [1, 0])
    let floor = EliminationProfile(contributions: [1, EliminationProfile.floor])
    #expect(zero == floor)
    #expect(abs(zero.retention[0] - 1e-6) < 1e-15)
  }

  @Test func alwaysInRangeAndNonIncreasing() {
    var state: UInt64 = 7
    for layers in [2, 6, 12, 1000] {
      var contributions: [Double] = []
      for layer in 0..<layers {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        contributions.append(layer % 3 == 2 ? 0 : Double(state >> 40) / Double(1 << 24))
      }
      let retention = EliminationProfile(contributions: contributions).retention
      #expect(retention.allSatisfy { $0 > 0 && $0 <= 1 })
      #expect(zip(retention, retention.dropFirst()).allSatisfy { $0 >= $1 })
    }
  }
}
