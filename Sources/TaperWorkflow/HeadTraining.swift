internal import TaperCalibration
public import TaperHeadFitting
public import TaperPlanFormat

/// What a linear head is fitted to: classes or numbers, told by the labels.
public enum HeadTargets: Hashable, Sendable {
  /// Class indices and the labels they stand for, in output order.
  case classes([Int], labels: [String])
  case numbers([Float])

  /// - Parameter known: labels in the order they are to have, where the samples have all of them and no other.
  /// - Throws: `labelsMissing` (rows are counted from 1 here), `labelsMixed`.
  public init(of samples: [TokenizedSample], like known: [String] = []) throws(WorkflowError) {
    var texts: [String] = []
    var numbers: [Float] = []
    for (index, sample) in samples.enumerated() {
      guard let label = sample.label else { throw .labelsMissing(line: index + 1) }
      texts.append(label.text)
      if let number = label.number { numbers.append(Float(number)) }
    }
    if numbers.count == samples.count, !HeadTargets.areClassNumbers(numbers) {
      self = .numbers(numbers)
      return
    }
    guard numbers.isEmpty || numbers.count == samples.count else { throw .labelsMixed }
    let distinct = Set(texts)
    let labels = distinct == Set(known) ? known : distinct.sorted()
    let index = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, $0) })
    self = .classes(texts.map { index[$0, default: 0] }, labels: labels)
  }

  /// Few distinct whole numbers are class numbers (0 and 1, or star ratings), not measurements.
  private static func areClassNumbers(_ numbers: [Float]) -> Bool {
    numbers.allSatisfy { $0 == $0.rounded() } && Set(numbers).count <= 20
  }

  public var labels: [String] {
    if case .classes(_, let labels) = self { labels } else { [] }
  }

  public var outputs: Int { max(1, labels.count) }

  public var kind: HeadKind {
    if case .classes = self { .classification } else { .regression }
  }

  /// Samples of classes that `fit` keeps back to choose its strength and measure the head by; none of numbers.
  var heldOut: [Int] {
    if case .classes = self { split.heldOut } else { [] }
  }

  /// Samples that `fit` fits on before it measures the head.
  var fitted: [Int] { split.fitted }

  private var split: HeldOutSplit {
    let options = FitOptions()
    let labels =
      switch self {
      case .classes(let classes, _): classes
      case .numbers(let numbers): [Int](repeating: 0, count: numbers.count)
      }
    return HeldOutSplit(labels: labels, fraction: options.heldOutFraction, seed: options.seed)
  }

  /// Fits a head to features [count, width] over BLAS, its strength chosen on held-out texts.
  public func fit(features: [Float], width: Int) throws(HeadFittingError) -> LinearHead {
    let count = features.count / width
    return switch self {
    case .classes(let classes, let labels):
      try LogisticRegression.fit(
        features: features, count: count, width: width, labels: classes, classes: labels)
    case .numbers(let numbers):
      try Ridge.fit(features: features, count: count, width: width, targets: numbers)
    }
  }
}
