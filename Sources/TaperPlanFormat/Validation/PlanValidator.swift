/// Decides whether a plan may run. After it, no op can read or write outside its slots, for any input.
///
/// Each rule (`PlanRule`) is a function, and each may rely on those before it. Rules about a single op or slot are
/// decided from its record. Rules about how ops depend on one another are decided by walking the op list once for every
/// input length (`LengthWalk`), with the row counts and conditions that a run has. So nothing is assumed about how keep
/// counts grow with the length (ours).
///
/// A dynamic selection leaves between one row and the schedule's count, as the input decides. Every extent that an op
/// touches grows with each row count, so what holds at the schedule's counts bounds all runs. Whether everything read
/// was written compares two extents. Each is affine in one row count, and with one leading dimension for each slot
/// (`dynamicLeading`) both have the same slope. The comparison therefore holds for all counts when it holds at the two
/// ends: with the schedule's counts, and with one row left by each dynamic selection in turn. The second walk also
/// finds an op that reads rows from before a selection out of a slot written after it.
public enum PlanValidator {
  /// - Complexity: O((ops + slots) · maximumLength + slots²); `validationWork` bounds it.
  public static func validate(_ plan: Plan) throws(PlanFormatError) {
    try checkMaximumLength(plan)
    try checkLayerCount(plan)
    try checkModelDimensions(plan)
    try checkThreadCount(plan)
    try checkOpCount(plan)
    try checkSlotCount(plan)
    try checkValidationWork(plan)
    try checkKeepCountsComplete(plan)
    try checkKeepCounts(plan)

    try checkOutputWidth(plan)
    try checkLabelCount(plan)
    try checkTokenHead(plan)
    try checkCanaries(plan)
    try checkPredictionCounts(plan)
    try checkReferenceLengths(plan)
    try checkPredictedTimes(plan)
    try checkExpectationCounts(plan)
    try checkExpectedTimes(plan)
    try checkHalting(plan)
    try checkEvidence(plan)
    try checkPromptNames(plan)
    try checkInteraction(plan)
    try checkPromptLeftOut(plan)

    try validateWeightsIndex(plan.weights)
    for number in plan.ops.indices { try validateOp(number, of: plan) }
    try checkDynamicSelections(plan)
    try checkDynamicLeading(plan)
    try checkSelectionOrder(plan)
    try checkKernels(plan)
    try checkSelectionsComplete(plan)

    try ArenaVerifier.verify(plan)
    try checkResultSlot(plan)
    var walk = LengthWalk(plan)
    for length in 1...plan.schedule.maximumLength {
      try walk.run(length: length)
      for number in walk.dynamic { try walk.run(length: length, emptying: number) }
    }
  }

  /// The rules about the weights index alone, which a weights file has too.
  public static func validateWeightsIndex(_ index: WeightsIndex) throws(PlanFormatError) {
    try checkWeightShapes(index)
    try checkWeightPlaces(index)
  }

  /// The rules about one op by itself.
  private static func validateOp(_ number: Int, of plan: Plan) throws(PlanFormatError) {
    try checkOpLayer(number, plan)
    try checkCondition(number, plan)
    try checkRowSymbols(number, plan)
    try checkOperandPresence(number, plan)
    try checkWeightOperands(number, plan)
    try checkSlotOperands(number, plan)
    try checkSizes(number, plan)
    try checkParts(number, plan)
    try checkConstants(number, plan)
    try checkLeadingDimensions(number, plan)
    try checkInPlace(number, plan)
    try checkOperandShapes(number, plan)
  }

  /// Throws the violation of `rule` unless `holds`.
  @inline(__always)
  static func require(
    _ holds: Bool, _ rule: PlanRule, _ place: PlanPlace, expected: Int, found: Int
  ) throws(PlanFormatError) {
    if !holds {
      throw .violated(
        PlanViolation(
          rule, place, expected: UInt64(clamping: expected), found: UInt64(clamping: found)))
    }
  }
}
