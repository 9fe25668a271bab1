/// Rules about ops that decide how many rows go on (selectAbove).
extension PlanValidator {
  /// Walks are one more than these.
  static let maximumSelectAbove = 64

  /// Rules `selectAbovePlace` and `selectAboveCount`.
  static func checkSelectAbove(_ plan: Plan) throws(PlanFormatError) {
    var layers: [Int] = []
    for (number, op) in plan.ops.enumerated() where op.kind == .selectAbove {
      let layer = Int(op.layer)
      let holds =
        layer >= 1 && layer <= plan.schedule.layerCount && op.condition == .always
        && op.rows == .tokens(after: layer) && op.innerRows == .tokens(after: layer - 1)
      try require(holds, .selectAbovePlace, .op(number), expected: layer, found: Int(op.rows.rawValue))
      try require(!layers.contains(layer), .selectAboveCount, .op(number), expected: 1, found: 2)
      layers.append(layer)
    }
    let count = layers.count
    try require(
      count <= maximumSelectAbove, .selectAboveCount, .plan, expected: maximumSelectAbove, found: count)
  }

  static func checkLiveLeading(_ plan: Plan) throws(PlanFormatError) {
    guard plan.ops.contains(where: { $0.kind == .selectAbove }) else { return }
    var leading = [UInt32?](repeating: nil, count: plan.arena.slots.count)
    for (number, op) in plan.ops.enumerated() {
      for role in OperandRole.slotRoles where !op.operand(role).isNone && role != .scratch {
        let operand = op.operand(role)
        // Where the driver takes no leading dimension, rows are as narrow as can be: no view of the slot is steeper.
        let isPacked = plan.rowWidth(of: op, role) == nil && op.kind != .mean
        // int8 rows have a scale and a zero each.
        let isPair = op.kind == .gemm && role == .b || op.kind == .encode && role == .output2
        let isNarrow = isPair ? operand.leading == 2 : operand.leading <= 1
        try require(
          !isPacked || isNarrow, .liveLeading, .operand(op: number, role), expected: isPair ? 2 : 1,
          found: Int(operand.leading))
        let known = leading[Int(operand.slot)] ?? operand.leading
        try require(
          operand.leading == known, .liveLeading, .operand(op: number, role), expected: Int(known),
          found: Int(operand.leading))
        leading[Int(operand.slot)] = known
      }
    }
  }
}
