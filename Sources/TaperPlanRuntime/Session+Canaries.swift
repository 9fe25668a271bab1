public import TaperPlanFormat

extension Session {
  /// Runs a canary example: the largest absolute difference of an element of the answer from what the plan expects.
  /// - Throws: a canary that does not fit the plan, which its validator refuses.
  public mutating func difference(from canary: Canary) throws(RuntimeError) -> Float {
    try run(ids: canary.ids.span, typeIDs: canary.typeIDs.span)
    return withResult { result in
      var difference: Float = 0
      for element in result.indices {
        let distance = abs(result[element] - canary.expected[element])
        // NaN is as far as can be.
        difference = distance <= difference ? difference : distance
      }
      return difference
    }
  }
}
