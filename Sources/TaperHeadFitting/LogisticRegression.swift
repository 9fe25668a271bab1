/// Multinomial logistic regression with L2: the classification head on a frozen or reduced encoder.
///
/// Features are standardised. Of the L2 strengths the one with the least held-out loss is chosen: they are tried from
/// strong to weak, each fit starting from the previous result, until the loss has risen twice in a row. The head is
/// then fitted again on all examples, and standardisation is folded into weight and bias. Deterministic.
public enum LogisticRegression {
  /// Fits a head.
  ///
  /// - Parameters:
  ///   - features: [count, width], row-major.
  ///   - labels: index into `classes` of each example.
  ///   - classes: names, one per output of the head.
  /// - Throws: on sizes that do not match, labels out of range, features that are not finite, fewer than two classes,
  ///   or a class without an example.
  /// - Complexity: O(count · width · classes) per iteration, usually some hundred iterations; a copy of the features in
  ///   double precision.
  public static func fit(
    features: [Float], count: Int, width: Int, labels: [Int], classes: [String],
    options: FitOptions = FitOptions()
  ) throws(HeadFittingError) -> LinearHead {
    try FeatureChecks.check(features, count: count, width: width)
    try check(labels, count: count, classes: classes)
    var report = FitReport(
      examples: count, heldOutExamples: 0, strength: options.fallbackStrength, candidates: [],
      validation: .none,
      iterations: 0, converged: false)
    let split = HeldOutSplit(labels: labels, fraction: options.heldOutFraction, seed: options.seed)
    if !split.heldOut.isEmpty {
      choose(features, width, labels, classes.count, split, options, &report)
    }
    let all = Array(0..<count)
    let standardization = Standardization(features, width: width, rows: all)
    var objective = SoftmaxObjective(
      features: standardization.apply(features, rows: all), labels: labels, width: width,
      classes: classes.count,
      strength: report.strength)
    var parameters = [Double](repeating: 0, count: objective.parameterCount)
    let outcome = solver(options).minimize(&parameters) { objective.evaluate($0, &$1) }
    report.iterations = outcome.iterations
    report.converged = outcome.converged
    let (weight, bias) = standardization.fold(
      weight: Array(parameters[0..<classes.count * width]),
      bias: Array(parameters[(classes.count * width)...]))
    return LinearHead(weight: weight, bias: bias, width: width, labels: classes, report: report)
  }

  private static func solver(_ options: FitOptions) -> LBFGS {
    LBFGS(tolerance: options.tolerance, maximumIterations: options.maximumIterations)
  }

  /// Tries the strengths on the split; the best one and its result go into the report.
  private static func choose(
    _ features: [Float], _ width: Int, _ labels: [Int], _ classes: Int, _ split: HeldOutSplit,
    _ options: FitOptions, _ report: inout FitReport
  ) {
    let standardization = Standardization(features, width: width, rows: split.fitted)
    var fitted = SoftmaxObjective(
      features: standardization.apply(features, rows: split.fitted), labels: split.fitted.map { labels[$0] },
      width: width, classes: classes, strength: 0)
    var heldOut = SoftmaxObjective(
      features: standardization.apply(features, rows: split.heldOut),
      labels: split.heldOut.map { labels[$0] },
      width: width, classes: classes, strength: 0)
    // A coarse fit is enough to rank the held-out losses.
    var coarse = options
    coarse.tolerance = max(options.tolerance, 1e-4)
    var parameters = [Double](repeating: 0, count: fitted.parameterCount)
    var best = Double.infinity
    var rises = 0
    for strength in options.strengths {
      fitted.strength = strength
      _ = solver(coarse).minimize(&parameters) { fitted.evaluate($0, &$1) }
      let (loss, correct) = heldOut.likelihood(parameters)
      rises = loss > (report.candidates.last?.heldOutLoss ?? .infinity) ? rises + 1 : 0
      report.candidates.append(FitReport.Candidate(strength: strength, heldOutLoss: loss))
      if loss < best {
        best = loss
        report.strength = strength
        report.validation = .classification(right: correct, loss: loss)
        report.heldOutAnswers = zip(split.heldOut, heldOut.answers(parameters)).map {
          .init(example: $0, label: $1)
        }
      }
      if rises == 2 { break }
    }
    report.heldOutExamples = split.heldOut.count
  }

  private static func check(_ labels: [Int], count: Int, classes: [String]) throws(HeadFittingError) {
    guard labels.count == count else {
      throw .sizeMismatch(what: "labels", expected: count, found: labels.count)
    }
    guard classes.count >= 2 else { throw .tooFewClasses(found: classes.count) }
    var counts = [Int](repeating: 0, count: classes.count)
    for (example, label) in labels.enumerated() {
      guard classes.indices.contains(label) else {
        throw .labelOutOfRange(example: example, found: label, classes: classes.count)
      }
      counts[label] += 1
    }
    let present = counts.count { $0 > 0 }
    guard present >= 2 else { throw .tooFewClasses(found: present) }
    if let empty = counts.firstIndex(of: 0) { throw .emptyClass(name: classes[empty]) }
  }
}
