/// Why a head could not be fitted.
public enum HeadFittingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// `what`: features, labels or targets.
  case sizeMismatch(what: String, expected: Int, found: Int)
  case noExamples
  case tooFewClasses(found: Int)
  case emptyClass(name: String)
  case labelOutOfRange(example: Int, found: Int, classes: Int)
  case nonFiniteFeature(example: Int, column: Int)
  case nonFiniteTarget(example: Int)

  public var description: String {
    switch self {
    case .sizeMismatch(let what, let expected, let found):
      "expected \(expected) \(what), found \(found)"
    case .noExamples:
      "expected labelled examples to fit a head on, found none"
    case .tooFewClasses(let found):
      "expected examples of at least 2 classes, found \(found); add labelled texts of other classes"
    case .emptyClass(let name):
      "expected at least one example of every class, found none of \"\(name)\"; add one or drop the class"
    case .labelOutOfRange(let example, let found, let classes):
      "example \(example): expected a class index below \(classes), found \(found)"
    case .nonFiniteFeature(let example, let column):
      "example \(example): expected finite features, found infinity or NaN in column \(column); "
        + "the model's output overflows"
    case .nonFiniteTarget(let example):
      "example \(example): expected a finite number as label, found one that is not"
    }
  }
}

/// Checks that every fit applies to its features.
enum FeatureChecks {
  static func check(_ features: [Float], count: Int, width: Int) throws(HeadFittingError) {
    guard count > 0, width > 0 else { throw .noExamples }
    let (expected, overflow) = count.multipliedReportingOverflow(by: width)
    guard !overflow, features.count == expected else {
      throw .sizeMismatch(what: "features", expected: overflow ? .max : expected, found: features.count)
    }
    for (index, feature) in features.enumerated() where !feature.isFinite {
      throw .nonFiniteFeature(example: index / width, column: index % width)
    }
  }
}
