/// Decides whether a plan may run: after it, no op can read or write outside its slots, for any input.
public enum PlanValidator {
  public static func validate(_ plan: Plan) throws(PlanFormatError) {
    try validateWeightsIndex(plan.weights)
  }

  /// The rules of the weights index alone, as a weights file needs them.
  public static func validateWeightsIndex(_ index: WeightsIndex) throws(PlanFormatError) {
    try checkWeightShapes(index)
    try checkWeightPlaces(index)
  }
}
