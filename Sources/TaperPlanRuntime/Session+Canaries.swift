public import TaperPlanFormat

extension Session {
  /// Runs a canary example and returns the largest absolute difference between its answer and the plan's expectation.
  /// - Throws: `RuntimeError` when the canary does not fit the plan; a validated plan has no such canary.
  public mutating func difference(from canary: Canary) throws(RuntimeError) -> Float {
    try run(ids: canary.ids.span, typeIDs: canary.typeIDs.span)
    return withResult { result in
      var difference: Float = 0
      for element in result.indices {
        let distance = abs(result[element] - canary.expected[element])
        // NaN counts as the largest difference.
        difference = distance <= difference ? difference : distance
      }
      return difference
    }
  }
}
