/// Decides whether a plan may run: after it, no op can read or write outside its slots, for any input.
///
/// One function a rule (`PlanRule`), in an order in which each may rely on those before it. Rules about a single op or
/// slot are decided from the record; rules about what the ops do to one another are decided by walking the op list
/// once for every input length (`LengthWalk`), with the row counts and the conditions exactly as they will be, so no
/// assumption about how keep counts grow with the length is needed (ours).
///
/// A selection by threshold (selectAbove) leaves as many rows as the input has it, from one to the schedule's count.
/// Every extent that an op touches grows with each row count, so that what holds at the schedule's counts bounds all
/// runs. What was written before it is read is decided at the ends: a comparison is between two extents, each affine
/// in one row count and with one leading dimension a slot (`liveLeading`) equally steep, so it holds for all counts
/// when it holds with the schedule's and with one row left by each selection in turn; the latter also finds
/// whoever reads the rows of before a selection from what was written after it.
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

    try validateWeightsIndex(plan.weights)
    for number in plan.ops.indices { try validateOp(number, of: plan) }
    try checkSelectAbove(plan)
    try checkLiveLeading(plan)
    try checkSelectionOrder(plan)
    try checkKernels(plan)
    try checkSelectionsComplete(plan)

    try ArenaVerifier.verify(plan)
    try checkResultSlot(plan)
    var walk = LengthWalk(plan)
    for length in 1...plan.schedule.maximumLength {
      try walk.run(length: length)
      for number in walk.counting { try walk.run(length: length, emptying: number) }
    }
  }

  /// The rules of the weights index alone, as a weights file needs them.
  public static func validateWeightsIndex(_ index: WeightsIndex) throws(PlanFormatError) {
    try checkWeightShapes(index)
    try checkWeightPlaces(index)
  }

  /// The rules of one op by itself.
  private static func validateOp(_ number: Int, of plan: Plan) throws(PlanFormatError) {
    try checkOpLayer(number, plan)
    try checkConditionLayer(number, plan)
    try checkRowSymbols(number, plan)
    try checkOperandPresence(number, plan)
    try checkWeightOperands(number, plan)
    try checkSlotOperands(number, plan)
    try checkWidths(number, plan)
    try checkPanels(number, plan)
    try checkEpsilon(number, plan)
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
