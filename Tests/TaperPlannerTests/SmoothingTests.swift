import TaperPlanner
import Testing

@Suite struct SmoothingTests {
  private func scales(_ gamma: [Float], _ largest: [Float]) -> [Float] {
    Smoothing.scales(gamma: gamma, beta: gamma.map { _ in 0 }, largestWeights: largest)
  }

  /// SmoothQuant's rule, up to a power of two that all columns share.
  @Test func dividesByTheRootOfReachOverWeight() {
    let found = scales([1, 2, 4, 0.5], [0.5, 0.25, 1, 2])
    let wanted: [Float] = [6, 24, 12, 0.75].map { ($0 as Float).squareRoot() }
    let shared = found[0] / wanted[0]
    #expect(shared.significand == 1)
    for (found, wanted) in zip(found, wanted) { #expect(abs(found / wanted / shared - 1) < 1e-6) }
  }

  /// One weight however large leaves the other columns the codes they need.
  @Test func aHugeWeightReachesNoFurtherThanAFewOthers() {
    for huge in [Float(1e3), 1e10, 1e30] {
      let largest = [huge] + [Float](repeating: 0.1, count: 63)
      let divided = scales([Float](repeating: 1, count: 64), largest).map { 3 / $0 }
      #expect(divided[0] <= 16.01 * divided[1] && divided[0] > divided[1])
    }
  }

  /// Weights of any size stay normal when they are multiplied, since the scales are about one.
  @Test func scalesAreAboutOne() {
    for size in [Float(1e-30), 1e-10, 1, 1e10, 1e30] {
      let found = scales([1, 1.5, 0.75], [size, 2 * size, size / 2])
      #expect(found.allSatisfy { $0 > 0.25 && $0 < 4 })
    }
  }

  @Test func unusableColumnsStay() {
    #expect(scales([0, 1, .nan, 1], [1, 0, 1, 1])[...2] == [1, 1, 1])
    #expect(scales([0], [0]) == [1])
  }
}
