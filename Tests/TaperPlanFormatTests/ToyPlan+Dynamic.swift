import TaperPlanFormat

extension ToyPlan {
  /// Scores of the states leaving the layer, the rows above a threshold, and the books of the rest.
  mutating func addSelection(_ layer: Int, _ state: UInt16, origin: UInt16?, restored: UInt16?) -> UInt16 {
    let d = hidden
    let before = RowCount.tokens(after: layer - 1)
    let after = RowCount.tokens(after: layer)
    let scores = slot("selector", rows: before, columns: 1)
    add(gemm(layer, before, 1, d, from: state, to: scores)) { _ in }
    let index = Operand(slot: slot("chosen", .u32, rows: after, columns: 1))
    var select = PlanOp(.selectAbove, layer: layer, rows: after, innerRows: before)
    select.heads = 1
    select.scale = 0.25
    select.a = Operand(slot: scores, leading: 1)
    select.output = index
    scratch(&select, 2 * options.maximumLength)
    plan.ops.append(select)
    if let restored, let origin {
      add(PlanOp(.scatter, layer: layer, rows: after, innerRows: before, columns: d)) {
        $0.condition = .ifReduced
        $0.a = Operand(slot: state, leading: $0.columns)
        $0.output = Operand(slot: restored, leading: $0.columns)
        $0.index = index
        $0.origin = Operand(slot: origin)
      }
    }
    if let origin {
      add(PlanOp(.compose, layer: layer, rows: after, innerRows: before)) {
        $0.condition = .ifReduced
        $0.output = Operand(slot: origin)
        $0.index = index
      }
    }
    let kept = slot("kept state", rows: after, columns: d)
    add(PlanOp(.gather, layer: layer, rows: after, innerRows: before, columns: d)) {
      $0.a = Operand(slot: state, leading: $0.columns)
      $0.output = Operand(slot: kept, leading: $0.columns)
      $0.index = index
    }
    return kept
  }
}
