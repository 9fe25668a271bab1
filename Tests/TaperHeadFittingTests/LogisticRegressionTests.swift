import Glibc
import TaperHeadFitting
import Testing

@Suite struct LogisticRegressionTests {
  @Test(arguments: [2, 3, 8]) func separatesClusters(classes: Int) throws {
    let data = Clusters(count: 400, width: 12, classes: classes, spread: 0.2, seed: 5)
    let head = try LogisticRegression.fit(
      features: data.features, count: data.count, width: data.width, labels: data.labels,
      classes: (0..<classes).map { "c\($0)" })
    #expect(head.predictions(features: data.features, count: data.count) == data.labels)
    #expect(head.labels.count == classes)
    #expect(head.weight.count == classes * 12)
    #expect(head.report.converged)
    guard case .classification(let right, _) = head.report.validation else {
      Issue.record("no validation")
      return
    }
    #expect(right == head.report.heldOutExamples)
    #expect(head.report.heldOutExamples == 80 || classes == 3)
    for sum in rowSums(head.probabilities(features: data.features, count: data.count), width: classes) {
      #expect(abs(sum - 1) < 1e-5)
    }
  }

  /// Plain gradient descent on the same objective, written out, ends at the same probabilities.
  @Test(arguments: [2, 4]) func agreesWithGradientDescent(classes: Int) throws {
    let data = Clusters(count: 150, width: 5, classes: classes, spread: 2, seed: 11)
    let strength = 0.02
    var options = FitOptions(strengths: [strength])
    options.tolerance = 1e-9
    let head = try LogisticRegression.fit(
      features: data.features, count: data.count, width: data.width, labels: data.labels,
      classes: (0..<classes).map(String.init), options: options)
    let reference = descend(data, classes: classes, strength: strength)
    let found = head.probabilities(features: data.features, count: data.count)
    for (a, b) in zip(found, reference) { #expect(abs(Double(a) - b) < 1e-4) }
  }

  @Test func sameInputSameBits() throws {
    let data = Clusters(count: 300, width: 16, classes: 4, spread: 1.5, seed: 3)
    func fit(seed: UInt64) throws -> LinearHead {
      var options = FitOptions()
      options.seed = seed
      return try LogisticRegression.fit(
        features: data.features, count: data.count, width: data.width, labels: data.labels,
        classes: ["a", "b", "c", "d"], options: options)
    }
    let first = try fit(seed: 1)
    #expect(try fit(seed: 1) == first)
    #expect(try fit(seed: 2).report.validation != first.report.validation)
  }

  @Test func strongerNoiseAsksForStrongerRegularisation() throws {
    let clear = Clusters(count: 200, width: 40, classes: 2, spread: 0.5, seed: 8)
    var noisy = clear
    var generator = TestGenerator(seed: 4)
    for index in noisy.labels.indices { noisy.labels[index] = generator.uniform() < 0.5 ? 0 : 1 }
    func strength(_ data: Clusters) throws -> Double {
      try LogisticRegression.fit(
        features: data.features, count: data.count, width: data.width, labels: data.labels,
        classes: ["a", "b"]
      ).report.strength
    }
    #expect(try strength(noisy) > strength(clear))
  }

  @Test func classOfOneExampleIsLearnt() throws {
    var data = Clusters(count: 60, width: 4, classes: 2, spread: 0.1, seed: 9)
    data.features += [9, -9, 9, -9]
    data.labels.append(2)
    let head = try LogisticRegression.fit(
      features: data.features, count: 61, width: 4, labels: data.labels, classes: ["a", "b", "rare"])
    #expect(head.predictions(features: [9, -9, 9, -9], count: 1) == [2])
  }

  /// A norm's gamma of 1e-9 leaves a column that varies, and means nothing.
  @Test func featuresThatHardlyVaryWeighNothing() throws {
    var data = Clusters(count: 100, width: 5, classes: 2, spread: 0.5, seed: 9)
    for example in 0..<data.count { data.features[example * 5 + 2] *= 1e-6 }
    let head = try LogisticRegression.fit(
      features: data.features, count: data.count, width: 5, labels: data.labels, classes: ["a", "b"])
    #expect(head.weight[2] == 0 && head.weight[7] == 0)
    #expect(head.weight.contains { $0 != 0 })
  }

  @Test func constantFeaturesWeighNothing() throws {
    var data = Clusters(count: 100, width: 3, classes: 2, spread: 0.02, seed: 2)
    for row in 0..<100 { data.features[row * 3 + 1] = 0.1 }
    let head = try LogisticRegression.fit(
      features: data.features, count: 100, width: 3, labels: data.labels, classes: ["a", "b"])
    #expect(head.weight[1] == 0 && head.weight[4] == 0)
    #expect(head.predictions(features: data.features, count: 100) == data.labels)
    let flat = try LogisticRegression.fit(
      features: [Float](repeating: 2, count: 40), count: 40, width: 1,
      labels: (0..<40).map { $0 < 30 ? 0 : 1 }, classes: ["a", "b"])
    #expect(abs(flat.probabilities(features: [2], count: 1)[0] - 0.75) < 1e-4)
  }

  @Test func twoExamplesAreEnough() throws {
    let head = try LogisticRegression.fit(
      features: [1, -1], count: 2, width: 1, labels: [0, 1], classes: ["a", "b"])
    #expect(head.report.validation == .none)
    #expect(head.report.heldOutExamples == 0)
    #expect(head.predictions(features: [1, -1], count: 2) == [0, 1])
  }

  @Test func refusals() {
    func fit(_ features: [Float], _ labels: [Int], _ classes: [String], count: Int = 2)
      throws(HeadFittingError)
    {
      _ = try LogisticRegression.fit(
        features: features, count: count, width: 1, labels: labels, classes: classes)
    }
    #expect(throws: HeadFittingError.tooFewClasses(found: 1)) { try fit([1, 2], [0, 0], ["a"]) }
    #expect(throws: HeadFittingError.tooFewClasses(found: 1)) { try fit([1, 2], [1, 1], ["a", "b"]) }
    #expect(throws: HeadFittingError.emptyClass(name: "b")) { try fit([1, 2], [0, 2], ["a", "b", "c"]) }
    #expect(throws: HeadFittingError.sizeMismatch(what: "features", expected: 2, found: 3)) {
      try fit([1, 2, 3], [0, 1], ["a", "b"])
    }
    #expect(throws: HeadFittingError.sizeMismatch(what: "labels", expected: 2, found: 1)) {
      try fit([1, 2], [0], ["a", "b"])
    }
    #expect(throws: HeadFittingError.nonFiniteFeature(example: 1, column: 0)) {
      try fit([1, .nan], [0, 1], ["a", "b"])
    }
    #expect(throws: HeadFittingError.labelOutOfRange(example: 1, found: 2, classes: 2)) {
      try fit([1, 2], [0, 2], ["a", "b"])
    }
    #expect(throws: HeadFittingError.noExamples) { try fit([], [], ["a", "b"], count: 0) }
  }

  // MARK: Reference

  private func rowSums(_ values: [Float], width: Int) -> [Float] {
    stride(from: 0, to: values.count, by: width).map { values[$0..<$0 + width].reduce(0, +) }
  }

  /// Probabilities at the minimum that 40,000 steps of gradient descent reach on standardised features.
  private func descend(_ data: Clusters, classes: Int, strength: Double) -> [Double] {
    let (count, width) = (data.count, data.width)
    var x = data.features.map(Double.init)
    for column in 0..<width {
      let values = (0..<count).map { x[$0 * width + column] }
      let mean = values.reduce(0, +) / Double(count)
      let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)).squareRoot()
      for row in 0..<count { x[row * width + column] = (values[row] - mean) / deviation }
    }
    var weight = [Double](repeating: 0, count: classes * width)
    var bias = [Double](repeating: 0, count: classes)
    var probabilities = [Double](repeating: 0, count: count * classes)
    for _ in 0..<40_000 {
      var weightGradient = weight.map { $0 * strength }
      var biasGradient = [Double](repeating: 0, count: classes)
      for row in 0..<count {
        var sum = 0.0
        for output in 0..<classes {
          var logit = bias[output]
          for column in 0..<width { logit += weight[output * width + column] * x[row * width + column] }
          probabilities[row * classes + output] = exp(logit)
          sum += exp(logit)
        }
        for output in 0..<classes {
          probabilities[row * classes + output] /= sum
          let truth = output == data.labels[row] ? 1.0 : 0.0
          let residual = (probabilities[row * classes + output] - truth) / Double(count)
          biasGradient[output] += residual
          for column in 0..<width {
            weightGradient[output * width + column] += residual * x[row * width + column]
          }
        }
      }
      for index in weight.indices { weight[index] -= 0.3 * weightGradient[index] }
      for index in bias.indices { bias[index] -= 0.3 * biasGradient[index] }
    }
    return probabilities
  }
}
