/// What every fit asks of its features.
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
