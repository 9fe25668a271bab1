import TaperHeadFitting
import Testing

@Suite struct RidgeTests {
  /// y = 2a − 3b + 0.5 without noise, and another output; a third column that does not matter.
  @Test func recoversALinearFunction() throws {
    var generator = TestGenerator(seed: 21)
    var features: [Float] = []
    var targets: [Float] = []
    for _ in 0..<200 {
      let row = (0..<3).map { _ in Float(generator.normal()) }
      features += row
      targets += [2 * row[0] - 3 * row[1] + 0.5, row[2]]
    }
    let head = try Ridge.fit(features: features, count: 200, width: 3, targets: targets, outputs: 2)
    for (found, expected) in zip(head.weight, [2, -3, 0, 0, 0, 1] as [Float]) {
      #expect(abs(found - expected) < 1e-3)
    }
    #expect(abs(head.bias[0] - 0.5) < 1e-3 && abs(head.bias[1]) < 1e-3)
    #expect(head.labels.isEmpty)
    guard case .regression(let rSquared, let pearson) = head.report.validation else {
      Issue.record("no validation")
      return
    }
    #expect(rSquared > 0.9999 && pearson > 0.9999)
    #expect(head.report.strength == 1e-5)
    #expect(head.report.heldOutExamples == 40)
  }

  /// An example of weight 3 counts as three, and one of weight 0 as none.
  @Test func weighsExamples() throws {
    var options = FitOptions(strengths: [1])
    options.heldOutFraction = 0
    options.fallbackStrength = 0.1
    var generator = TestGenerator(seed: 22)
    let rows = (0..<12).map { _ in (0..<3).map { _ in Float(generator.normal()) } }
    let weights = rows.indices.map { $0 % 4 }
    let repeated = rows.indices.flatMap { Array(repeating: $0, count: weights[$0]) }
    let whole = try Ridge.fit(
      features: rows.flatMap { $0[..<2] }, count: 12, width: 2, targets: rows.map { $0[2] },
      weights: weights.map { Float($0) }, options: options)
    let copies = try Ridge.fit(
      features: repeated.flatMap { rows[$0][..<2] }, count: repeated.count, width: 2,
      targets: repeated.map { rows[$0][2] }, options: options)
    for (a, b) in zip(whole.weight + whole.bias, copies.weight + copies.bias) { #expect(abs(a - b) < 1e-5) }
  }

  /// One standardised column: weight = covariance / (1 + strength), by hand.
  @Test func shrinksByTheStrength() throws {
    var options = FitOptions(strengths: [1])
    options.heldOutFraction = 0
    options.fallbackStrength = 1
    let head = try Ridge.fit(
      features: [-1, 1, -1, 1], count: 4, width: 1, targets: [0, 4, 0, 4], options: options)
    #expect(abs(head.weight[0] - 1) < 1e-6)
    #expect(abs(head.bias[0] - 2) < 1e-6)
    #expect(head.report.validation == .none)
  }

  @Test func moreColumnsThanExamplesAndConstantColumns() throws {
    var generator = TestGenerator(seed: 22)
    let features = (0..<10 * 30).map { $0 % 30 == 4 ? Float(7) : Float(generator.normal()) }
    let targets = (0..<10).map { Float($0) }
    let head = try Ridge.fit(features: features, count: 10, width: 30, targets: targets)
    #expect(head.weight[4] == 0)
    #expect(head.weight.allSatisfy { $0.isFinite })
    #expect(try Ridge.fit(features: features, count: 10, width: 30, targets: targets) == head)
  }

  @Test func constantTargets() throws {
    let data = Clusters(count: 20, width: 3, classes: 2, spread: 1, seed: 1)
    let head = try Ridge.fit(
      features: data.features, count: 20, width: 3, targets: [Float](repeating: 5, count: 20))
    #expect(head.outputs(features: [0, 0, 0], count: 1).allSatisfy { abs($0 - 5) < 1e-5 })
    #expect(head.report.validation == .regression(rSquared: 0, pearson: 0))
  }

  @Test func refusals() {
    #expect(throws: HeadFittingError.sizeMismatch(what: "targets", expected: 2, found: 3)) {
      try Ridge.fit(features: [1, 2], count: 2, width: 1, targets: [1, 2, 3])
    }
    #expect(throws: HeadFittingError.nonFiniteTarget(example: 1)) {
      try Ridge.fit(features: [1, 2], count: 2, width: 1, targets: [1, .infinity])
    }
    #expect(throws: HeadFittingError.nonFiniteFeature(example: 0, column: 0)) {
      try Ridge.fit(features: [.infinity, 2], count: 2, width: 1, targets: [1, 1])
    }
  }
}
