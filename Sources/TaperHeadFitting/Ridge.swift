/// Ridge regression, the regression head: least squares on standardised features with strength · ‖weight‖² per example.
///
/// Solved in closed form from the normal equations. The strength with the least held-out squared error is chosen, then
/// the head is fitted again on all examples. Deterministic.
public enum Ridge {
  /// Fits a head of `outputs` numbers.
  ///
  /// - Parameters:
  ///   - features: [count, width], row-major.
  ///   - targets: [count, outputs], row-major.
  ///   - weights: what each example's squared error counts for, none negative, some positive; nil: one.
  /// - Throws: on sizes that do not match and numbers that are not finite.
  /// - Complexity: O(count · width²) per fit and O(width³) per strength.
  public static func fit(
    features: [Float], count: Int, width: Int, targets: [Float], outputs: Int = 1,
    weights: [Float]? = nil,
    options: FitOptions = FitOptions(strengths: [10, 1, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5])
  ) throws(HeadFittingError) -> LinearHead {
    precondition(outputs > 0)
    try FeatureChecks.check(features, count: count, width: width)
    guard targets.count / outputs == count, targets.count % outputs == 0 else {
      throw .sizeMismatch(what: "targets", expected: count * outputs, found: targets.count)
    }
    if let index = targets.firstIndex(where: { !$0.isFinite }) {
      throw .nonFiniteTarget(example: index / outputs)
    }
    let weights = ExampleWeights(weights)
    var report = FitReport(
      examples: count, heldOutExamples: 0, strength: options.fallbackStrength, candidates: [],
      validation: .none,
      iterations: 0, converged: true)
    let split = HeldOutSplit(
      labels: [Int](repeating: 0, count: count), fraction: options.heldOutFraction, seed: options.seed)
    // A correlation needs at least two examples.
    if split.heldOut.count >= 2 {
      let equations = NormalEquations(
        features, width: width, targets, outputs: outputs, rows: split.fitted, weights: weights)
      var best = Double.infinity
      for strength in options.strengths {
        let (weight, bias) = equations.solve(strength: strength)
        let fit = RegressionFit(
          features, width: width, targets, outputs: outputs, rows: split.heldOut, weight: weight, bias: bias,
          weights: weights)
        report.candidates.append(FitReport.Candidate(strength: strength, heldOutLoss: fit.meanSquaredError))
        if fit.meanSquaredError < best {
          best = fit.meanSquaredError
          report.strength = strength
          report.validation = .regression(rSquared: fit.rSquared, pearson: fit.pearson)
          report.heldOutValues = zip(split.heldOut, fit.values).map { .init(example: $0, value: $1) }
        }
      }
      report.heldOutExamples = split.heldOut.count
    }
    let equations = NormalEquations(
      features, width: width, targets, outputs: outputs, rows: Array(0..<count),
      weights: weights)
    let (weight, bias) = equations.solve(strength: report.strength)
    return LinearHead(weight: weight, bias: bias, width: width, labels: [], report: report)
  }
}
