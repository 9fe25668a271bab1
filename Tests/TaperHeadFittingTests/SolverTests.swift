import TaperHeadFitting
import Testing

@Suite struct SolverTests {
  @Test func softmaxGradientMeetsFiniteDifferences() {
    let data = Clusters(count: 20, width: 3, classes: 3, spread: 1, seed: 6)
    var objective = SoftmaxObjective(
      features: data.features.map { Double($0) - 3 }, labels: data.labels, width: 3, classes: 3, strength: 0.1
    )
    var generator = TestGenerator(seed: 1)
    let point = (0..<objective.parameterCount).map { _ in generator.normal() }
    var gradient = point
    var ignored = point
    _ = objective.evaluate(point, &gradient)
    for index in point.indices {
      var above = point
      var below = point
      above[index] += 1e-5
      below[index] -= 1e-5
      let difference = (objective.evaluate(above, &ignored) - objective.evaluate(below, &ignored)) / 2e-5
      #expect(abs(difference - gradient[index]) < 1e-8)
    }
  }

  @Test func lbfgsSolvesAnIllConditionedQuadratic() {
    let scales = (0..<30).map { Double($0 * $0 + 1) }
    var point = [Double](repeating: 1, count: 30)
    let outcome = LBFGS(tolerance: 1e-9, maximumIterations: 500).minimize(&point) { point, gradient in
      var value = 0.0
      for index in point.indices {
        let distance = point[index] - Double(index)
        value += scales[index] * distance * distance / 2
        gradient[index] = scales[index] * distance
      }
      return value
    }
    #expect(outcome.converged)
    for (index, value) in point.enumerated() { #expect(abs(value - Double(index)) < 1e-8) }
  }

  @Test func lbfgsSaysWhenItStopsShort() {
    var point = [10.0, 10]
    let outcome = LBFGS(tolerance: 1e-12, maximumIterations: 1).minimize(&point) { point, gradient in
      gradient = [2 * point[0], 200 * point[1]]
      return point[0] * point[0] + 100 * point[1] * point[1]
    }
    #expect(!outcome.converged)
    #expect(outcome.iterations == 1)
  }

  /// A = L·Lᵀ for L = [2 0 0; 1 3 0; −1 2 1] and x = (1, −2, 3).
  @Test func choleskyByHand() throws {
    let cholesky = try #require(Cholesky([4, 0, 0, 2, 10, 0, -2, 5, 6], size: 3))
    let x = cholesky.solve([4 - 4 - 6, 2 - 20 + 15, -2 - 10 + 18])
    for (found, expected) in zip(x, [1.0, -2, 3]) { #expect(abs(found - expected) < 1e-12) }
    #expect(Cholesky([1, 0, 2, 1], size: 2) == nil)
  }

  @Test func splitIsStratifiedSeededAndWhole() {
    let labels = (0..<100).map { $0 < 60 ? 0 : $0 < 99 ? 1 : 2 }
    let split = HeldOutSplit(labels: labels, fraction: 0.2, seed: 3)
    #expect(split.heldOut.count { labels[$0] == 0 } == 12)
    #expect(split.heldOut.count { labels[$0] == 1 } == 8)
    #expect(split.heldOut.count { labels[$0] == 2 } == 0)
    #expect((split.fitted + split.heldOut).sorted() == Array(0..<100))
    #expect(split == HeldOutSplit(labels: labels, fraction: 0.2, seed: 3))
    #expect(split != HeldOutSplit(labels: labels, fraction: 0.2, seed: 4))
  }
}
