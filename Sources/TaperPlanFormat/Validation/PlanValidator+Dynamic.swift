/// Rules about dynamic selections, which decide in a run how many rows go on.
extension PlanValidator {
  /// The validator walks once for each, and once more.
  static let maximumDynamicSelections = 64

  /// Rules `dynamicPlace` and `dynamicCount`.
  static func checkDynamicSelections(_ plan: Plan) throws(PlanFormatError) {
    var layers: [Int] = []
    for (number, op) in plan.ops.enumerated() where op.kind.isDynamic {
      let layer = Int(op.layer)
      let holds =
        layer >= 1 && layer <= plan.schedule.layerCount
        && op.rows == .tokens(after: layer) && op.innerRows == .tokens(after: layer - 1)
      try require(holds, .dynamicPlace, .op(number), expected: layer, found: Int(op.rows.rawValue))
      try require(!layers.contains(layer), .dynamicCount, .op(number), expected: 1, found: 2)
      layers.append(layer)
    }
    let count = layers.count
    try require(
      count <= maximumDynamicSelections, .dynamicCount, .plan, expected: maximumDynamicSelections,
      found: count)
  }

  static func checkDynamicLeading(_ plan: Plan) throws(PlanFormatError) {
    guard plan.ops.contains(where: { $0.kind.isDynamic }) else { return }
    var leading = [UInt32?](repeating: nil, count: plan.arena.slots.count)
    for (number, op) in plan.ops.enumerated() {
      for definition in op.kind.definition.operands {
        let operand = op.operand(definition.role)
        guard !operand.isNone else { continue }
        // Where the driver takes no leading dimension, rows are as narrow as can be: no view of the slot is steeper.
        let (expected, holds): (Int, Bool) =
          switch definition.content {
          case .rows: (Int(operand.leading), true)
          case .pairs: (2, operand.leading == 2)
          default: (1, operand.leading <= 1)
          }
        try require(
          holds, .dynamicLeading, .operand(op: number, definition.role), expected: expected,
          found: Int(operand.leading))
        let known = leading[Int(operand.slot)] ?? operand.leading
        try require(
          operand.leading == known, .dynamicLeading, .operand(op: number, definition.role),
          expected: Int(known),
          found: Int(operand.leading))
        leading[Int(operand.slot)] = known
      }
    }
  }
}
