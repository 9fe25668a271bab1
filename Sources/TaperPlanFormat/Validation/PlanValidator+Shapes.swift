/// Rule `operandShape`: a weight has the shape that the op reading it needs.
extension PlanValidator {
  static func checkOperandShapes(_ number: Int, _ plan: Plan) throws(PlanFormatError) {
    let op = plan.ops[number]
    let columns = Int(op.columns)
    /// The tensor in `role` is exactly `shape`.
    func exact(_ role: OperandRole, _ shape: [Int]) throws(PlanFormatError) {
      guard !op.weight(role).isNone else { return }
      let found = plan.weights.entries[Int(op.weight(role).rawValue)].shape
      let place = PlanPlace.operand(op: number, role)
      try require(found.count == shape.count, .operandShape, place, expected: shape.count, found: found.count)
      for (have, want) in zip(found, shape) {
        try require(Int(have) == want, .operandShape, place, expected: want, found: Int(have))
      }
    }
    /// The table in `role` has at least `rows` rows of `columns` columns.
    func table(_ role: OperandRole, rows: Int) throws(PlanFormatError) {
      guard !op.weight(role).isNone else { return }
      let shape = plan.weights.entries[Int(op.weight(role).rawValue)].shape
      let place = PlanPlace.operand(op: number, role)
      try require(shape.count == 2, .operandShape, place, expected: 2, found: shape.count)
      try require(Int(shape[1]) == columns, .operandShape, place, expected: columns, found: Int(shape[1]))
      try require(Int(shape[0]) >= rows, .operandShape, place, expected: rows, found: Int(shape[0]))
    }
    switch op.kind {
    case .embed:
      try table(.table0, rows: Int(plan.model.vocabulary))
      try table(.table1, rows: Int(op.extent) + plan.schedule.maximumLength)
      try table(.table2, rows: max(Int(plan.model.tokenTypes), 1))
      try exact(.gamma, [columns])
      try exact(.beta, [columns])
    case .gemm:
      try exact(.weight, [columns, Int(op.depth)])
      try exact(.bias, [columns])
    case .biasActivation: try exact(.bias, [columns])
    case .encode: try exact(.gamma, [columns])
    case .layerNorm:
      try exact(.bias, [columns])
      try exact(.gamma, [columns])
      try exact(.beta, [columns])
    case .attention, .attentionScores, .attentionScored:
      try exact(.bias, [Int(op.heads), 2 * Int(op.extent) - 1])
    case .accumulate:
      try exact(.weight, [1, Int(op.depth)])
      try exact(.bias, [1])
    default: break
    }
  }
}
