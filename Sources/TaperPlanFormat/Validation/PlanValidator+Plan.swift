/// Rules about the plan's sizes and its schedule.
extension PlanValidator {
  static func checkMaximumLength(_ plan: Plan) throws(PlanFormatError) {
    let length = plan.schedule.maximumLength
    try require(length >= 1 && length < 0xFFFF, .maximumLength, .plan, expected: 0xFFFE, found: length)
  }

  static func checkLayerCount(_ plan: Plan) throws(PlanFormatError) {
    let layers = plan.schedule.layerCount
    try require(
      layers >= 0 && layers <= 4096 && layers == Int(plan.model.layers), .layerCount, .plan,
      expected: min(Int(plan.model.layers), 4096), found: layers)
  }

  static func checkModelDimensions(_ plan: Plan) throws(PlanFormatError) {
    let model = plan.model
    for size in [model.hidden, model.heads, model.feedForward, model.vocabulary] {
      try require(size >= 1 && size < 1 << 31, .modelDimensions, .plan, expected: 1, found: Int(size))
    }
    try require(
      model.hidden % model.heads == 0, .modelDimensions, .plan, expected: 0,
      found: Int(model.hidden % model.heads))
  }

  static func checkThreadCount(_ plan: Plan) throws(PlanFormatError) {
    try require(plan.identity.threads >= 1, .threadCount, .plan, expected: 1, found: 0)
  }

  static func checkOpCount(_ plan: Plan) throws(PlanFormatError) {
    let count = plan.ops.count
    try require(count >= 1 && count < 0xFFFF, .opCount, .plan, expected: 0xFFFE, found: count)
  }

  static let maximumSlots = 8192
  static func checkSlotCount(_ plan: Plan) throws(PlanFormatError) {
    let count = plan.arena.slots.count
    try require(count >= 1 && count <= maximumSlots, .slotCount, .plan, expected: maximumSlots, found: count)
  }

  /// Steps that a validation may take, about a second. A plan of 400 ops and 8192 tokens needs a fifth of them.
  static let maximumWork = 1 << 24
  static func checkValidationWork(_ plan: Plan) throws(PlanFormatError) {
    let walks = 1 + plan.ops.count { $0.kind.isDynamic }
    let work = (plan.ops.count + plan.arena.slots.count) * plan.schedule.maximumLength * walks
    try require(work <= maximumWork, .validationWork, .plan, expected: maximumWork, found: work)
  }

  static func checkKeepCountsComplete(_ plan: Plan) throws(PlanFormatError) {
    let expected = plan.schedule.maximumLength * (plan.schedule.layerCount + 1)
    let found = plan.schedule.keepCounts.count
    try require(found == expected, .keepCountsComplete, .plan, expected: expected, found: found)
  }

  /// Rules `keepCountsStart` and `keepCountsFall`.
  static func checkKeepCounts(_ plan: Plan) throws(PlanFormatError) {
    let counts = plan.schedule.keepCounts
    let width = plan.schedule.layerCount + 1
    for length in 1...plan.schedule.maximumLength {
      let row = (length - 1) * width
      guard Int(counts[row]) == length else {
        throw .violated(
          PlanViolation(
            .keepCountsStart, .layer(0), length: length, expected: UInt64(length), found: UInt64(counts[row]))
        )
      }
      for layer in 1..<max(width, 1)
      where counts[row + layer] > counts[row + layer - 1] || counts[row + layer] == 0 {
        throw .violated(
          PlanViolation(
            .keepCountsFall, .layer(layer), length: length, expected: UInt64(counts[row + layer - 1]),
            found: UInt64(counts[row + layer])))
      }
    }
  }
}
