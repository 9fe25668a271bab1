/// Rules about which kernel serves which op.
extension PlanValidator {
  static func checkSelectionOrder(_ plan: Plan) throws(PlanFormatError) {
    var previous: KernelSelection?
    for (number, selection) in plan.selections.enumerated() {
      if let previous {
        let holds =
          selection.op > previous.op
          || (selection.op == previous.op && selection.maximumRows > previous.maximumRows)
        try require(
          holds, .selectionOrder, .selection(number), expected: Int(previous.op), found: Int(selection.op))
      }
      previous = selection
    }
  }

  /// Rules `kernelKnown`, `kernelFitsOp` and `kernelFitsOperands`.
  static func checkKernels(_ plan: Plan) throws(PlanFormatError) {
    for (number, selection) in plan.selections.enumerated() {
      let op = Int(selection.op)
      try require(
        op < plan.ops.count, .selectionComplete, .selection(number), expected: plan.ops.count, found: op)
      let kind = selection.kernel.opKind
      try require(
        kind != nil, .kernelKnown, .selection(number), expected: KernelID.all.count,
        found: Int(selection.kernel.rawValue))
      try require(
        kind == plan.ops[op].kind, .kernelFitsOp, .selection(number),
        expected: Int(plan.ops[op].kind.rawValue),
        found: Int(kind?.rawValue ?? 0))
      let layout = plan.weightLayout(of: plan.ops[op])
      try require(
        selection.kernel.computes(plan.ops[op], weight: layout), .kernelFitsOperands, .selection(number),
        expected: Int(layout.rawValue), found: Int(selection.kernel.weightLayout.rawValue))
    }
  }

  /// Every op has selections, and the last covers the largest row count that the op can have.
  static func checkSelectionsComplete(_ plan: Plan) throws(PlanFormatError) {
    var covered = [Int](repeating: 0, count: plan.ops.count)
    for selection in plan.selections { covered[Int(selection.op)] = Int(selection.maximumRows) }
    var most = [Int](repeating: 0, count: plan.schedule.layerCount + 1)
    for length in 1...plan.schedule.maximumLength {
      for layer in most.indices {
        most[layer] = max(most[layer], plan.schedule.tokens(after: layer, length: length))
      }
    }
    for (number, op) in plan.ops.enumerated() {
      let rows = op.rows.layer.map { most[$0] } ?? 1
      try require(
        covered[number] >= rows, .selectionComplete, .op(number), expected: rows, found: covered[number])
    }
  }
}
