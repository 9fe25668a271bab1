import Testing

/// The combination under test, outermost first; printed with every failure.
enum Combination {
  @TaskLocal static var facts: [String] = []
}

/// Runs body for each value with "label: value" added to the combination.
func withEvery<Values: Sequence>(
  _ label: String, in values: Values, _ body: (Values.Element) throws -> Void
) rethrows {
  for value in values {
    try Combination.$facts.withValue(Combination.facts + ["\(label): \(value)"]) { try body(value) }
  }
}

func expect(
  _ condition: Bool, _ message: @autoclosure () -> String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  if !condition {
    let combination = Combination.facts.joined(separator: ", ")
    Issue.record("[\(combination)] \(message())", sourceLocation: sourceLocation)
  }
}
