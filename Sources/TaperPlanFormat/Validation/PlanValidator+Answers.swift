/// Rules about the head, the canaries and the predictions.
extension PlanValidator {
  static func checkOutputWidth(_ plan: Plan) throws(PlanFormatError) {
    try require(plan.head.outputWidth >= 1, .outputWidth, .plan, expected: 1, found: 0)
  }

  static func checkLabelCount(_ plan: Plan) throws(PlanFormatError) {
    let hasLabels = [.classification, .multiLabel, .tokenClassification].contains(plan.head.kind)
    let expected = hasLabels ? Int(plan.head.outputWidth) : 0
    let found = plan.head.labels.count
    try require(found == expected, .labelCount, .plan, expected: expected, found: found)
    let distinct = Set(plan.head.labels).count
    try require(distinct == found, .labelCount, .plan, expected: found, found: distinct)
  }

  static func checkTokenHead(_ plan: Plan) throws(PlanFormatError) {
    let holds = plan.head.kind.isOfTokens == (plan.head.pooling == .tokens)
    try require(
      holds, .tokenHead, .plan, expected: Int(plan.head.kind.rawValue), found: Int(plan.head.pooling.rawValue)
    )
  }

  static func checkCanaries(_ plan: Plan) throws(PlanFormatError) {
    for number in plan.canaries.indices {
      try checkCanaryLength(number, plan)
      try checkCanaryIDs(number, plan)
      try checkCanaryTypeIDs(number, plan)
      try checkCanaryOutputs(number, plan)
    }
  }

  private static func checkCanaryLength(_ number: Int, _ plan: Plan) throws(PlanFormatError) {
    let count = plan.canaries[number].ids.count
    try require(
      count >= 1 && count <= plan.schedule.maximumLength, .canaryLength, .canary(number),
      expected: plan.schedule.maximumLength, found: count)
  }

  private static func checkCanaryIDs(_ number: Int, _ plan: Plan) throws(PlanFormatError) {
    for id in plan.canaries[number].ids {
      try require(
        id < plan.model.vocabulary, .canaryIDs, .canary(number), expected: Int(plan.model.vocabulary) - 1,
        found: Int(id))
    }
  }

  private static func checkCanaryTypeIDs(_ number: Int, _ plan: Plan) throws(PlanFormatError) {
    let canary = plan.canaries[number]
    guard !canary.typeIDs.isEmpty else { return }
    try require(
      canary.typeIDs.count == canary.ids.count, .canaryTypeIDs, .canary(number), expected: canary.ids.count,
      found: canary.typeIDs.count)
    let limit = max(plan.model.tokenTypes, 1)
    for id in canary.typeIDs {
      try require(id < limit, .canaryTypeIDs, .canary(number), expected: Int(limit) - 1, found: Int(id))
    }
  }

  private static func checkCanaryOutputs(_ number: Int, _ plan: Plan) throws(PlanFormatError) {
    let canary = plan.canaries[number]
    let width = plan.head.outputCount(tokens: canary.ids.count)
    let holds = canary.expected.count == width && canary.expected.allSatisfy { $0.isFinite }
    try require(
      holds && canary.tolerance.isFinite && canary.tolerance >= 0, .canaryOutputs, .canary(number),
      expected: width,
      found: canary.expected.count)
  }

  /// Shares and F1 are between 0 and 1, correlations between −1 and 1. Mean cosines and coefficients of determination
  /// are at most 1. F1 is of one of the head's labels.
  static func checkEvidence(_ plan: Plan) throws(PlanFormatError) {
    guard let evidence = plan.evidence else { return }
    let values =
      [evidence.planned]
      + [evidence.dense, evidence.interval?.low, evidence.interval?.high].compactMap(\.self)
    let lowest: Float =
      switch evidence.metric {
      case .accuracy, .f1: 0
      case .matthews, .spearman: -1.0001
      case .agreement, .determination: -.infinity
      }
    let isOfLabel = evidence.metric == .f1
    let namesLabel = evidence.positive.map { isOfLabel && plan.head.labels.contains($0) } ?? !isOfLabel
    let isInside = evidence.interval.map { $0.low <= evidence.planned && evidence.planned <= $0.high } ?? true
    let holds = isInside && namesLabel && values.allSatisfy { $0 >= lowest && $0 <= 1.0001 }
    try require(
      holds && evidence.texts > 0, .accuracyEvidence, .plan, expected: 1, found: Int(clamping: evidence.texts)
    )
  }

  /// A prompt is chosen by its name, so each name is there once, and the default is one of them.
  static func checkPromptNames(_ plan: Plan) throws(PlanFormatError) {
    let names = plan.prompts.all.map(\.name)
    let distinct = Set(names).count
    try require(distinct == names.count, .promptNames, .plan, expected: names.count, found: distinct)
    guard let name = plan.prompts.defaultName else { return }
    try require(names.contains(name), .promptNames, .plan, expected: names.count, found: 0)
  }

  static func checkPromptLeftOut(_ plan: Plan) throws(PlanFormatError) {
    let holds = !plan.prompts.isEmpty && !plan.schedule.reducesAnywhere
    try require(
      !plan.leavesPromptOut || holds, .promptLeftOut, .plan, expected: 1, found: plan.prompts.all.count)
  }

  /// A query that is filled up needs room, and its tokens must be in the vocabulary.
  static func checkInteraction(_ plan: Plan) throws(PlanFormatError) {
    func require(_ condition: Bool, expected: Int, found: Int) throws(PlanFormatError) {
      try self.require(condition, .lateInteraction, .plan, expected: expected, found: found)
    }
    let hasVectors = plan.head.kind == .tokenVectors
    try require(
      (plan.interaction != nil) == hasVectors, expected: hasVectors ? 1 : 0,
      found: plan.interaction == nil ? 0 : 1)
    guard let interaction = plan.interaction else { return }
    let (length, vocabulary) = (plan.schedule.maximumLength, Int(plan.model.vocabulary))
    if let expansion = interaction.expansion {
      try require(
        expansion.length >= 1 && expansion.length <= length, expected: length,
        found: Int(clamping: expansion.length))
      try require(expansion.token < vocabulary, expected: vocabulary - 1, found: Int(expansion.token))
    }
    let ascends = zip(interaction.skippedIDs, interaction.skippedIDs.dropFirst()).allSatisfy { $0 < $1 }
    let last = Int(interaction.skippedIDs.last ?? 0)
    try require(ascends && last < vocabulary, expected: vocabulary - 1, found: last)
    if let name = interaction.queryPrompt {
      let known = plan.prompts.text(named: name) != nil
      try require(known, expected: plan.prompts.all.count, found: 0)
    }
    let scored = plan.ops.count { $0.kind.givesScores }
    let keepsAll = !plan.schedule.reducesAnywhere && scored == 0
    try require(!interaction.hidesTokens || keepsAll, expected: 0, found: max(scored, 1))
  }

  /// Rules `predictionCount` and `opPredictionCount`.
  static func checkPredictionCounts(_ plan: Plan) throws(PlanFormatError) {
    let count = plan.predictions.lengths.count
    let expected = plan.schedule.maximumLength
    let holds = count == expected || count == 0 && plan.predictions.referenceLengths.isEmpty
    try require(holds, .predictionCount, .plan, expected: expected, found: count)
    let (opCount, overflow) = plan.predictions.referenceLengths.count.multipliedReportingOverflow(
      by: plan.ops.count)
    try require(
      !overflow && plan.predictions.ops.count == opCount, .opPredictionCount, .plan, expected: opCount,
      found: plan.predictions.ops.count)
  }

  static func checkReferenceLengths(_ plan: Plan) throws(PlanFormatError) {
    var previous = 0
    for (number, length) in plan.predictions.referenceLengths.enumerated() {
      try require(
        Int(length) > previous && Int(length) <= plan.schedule.maximumLength, .referenceLengths,
        .prediction(number),
        expected: plan.schedule.maximumLength, found: Int(length))
      previous = Int(length)
    }
  }

  /// 39 hours, so that the sum over as many ops as a plan may have fits 64 bits.
  static let maximumTime = Nanoseconds(1 << 47)

  /// Rules `predictionInterval` and `predictedTime`.
  static func checkPredictedTimes(_ plan: Plan) throws(PlanFormatError) {
    func check(_ prediction: Prediction, _ number: Int) throws(PlanFormatError) {
      let holds = prediction.low <= prediction.time && prediction.time <= prediction.high
      try require(
        holds, .predictionInterval, .prediction(number), expected: Int(clamping: prediction.high.rawValue),
        found: Int(clamping: prediction.time.rawValue))
      try checkBound(prediction.high, number)
    }
    func checkBound(_ time: Nanoseconds, _ number: Int) throws(PlanFormatError) {
      try require(
        time <= maximumTime, .predictedTime, .prediction(number), expected: Int(maximumTime.rawValue),
        found: Int(clamping: time.rawValue))
    }
    for (number, length) in plan.predictions.lengths.enumerated() {
      try check(length.planned, number)
      try checkBound(length.denseTime, number)
    }
    for (number, prediction) in plan.predictions.ops.enumerated() { try check(prediction, number) }
  }
}
