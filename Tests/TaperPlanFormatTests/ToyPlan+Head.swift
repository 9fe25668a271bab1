import TaperPlanFormat

/// Pooling and head.
extension ToyPlan {
  mutating func addHead(_ state: UInt16, origin: UInt16?, restored: UInt16?) {
    let d = hidden
    let width = UInt32(d)
    let layer = options.layers + 1
    let last = RowCount.tokens(after: options.layers)
    var source = state
    var pooledRows = last
    if let restored, let origin {
      add(PlanOp(.scatter, layer: layer, rows: last, columns: d)) {
        $0.a = Operand(slot: state, leading: width)
        $0.output = Operand(slot: restored, leading: width)
        $0.origin = Operand(slot: origin)
      }
      source = restored
      pooledRows = .input
    }
    var pooled = source
    if options.pooling == .mean {
      pooled = slot("pooled", rows: .one, columns: d)
      let target = pooled
      add(PlanOp(.mean, layer: layer, rows: .one, innerRows: pooledRows, columns: d)) {
        $0.a = Operand(slot: source, leading: width)
        $0.output = Operand(slot: target, leading: width)
      }
    }
    let outputs = Int(plan.head.outputWidth)
    let rows = options.head.isOfTokens ? pooledRows : .one
    let result = slot("result", rows: rows, columns: outputs)
    plan.resultSlot = result
    switch options.head {
    case .embedding:
      add(PlanOp(.l2Normalize, layer: layer, rows: .one, columns: d)) {
        $0.a = Operand(slot: pooled, leading: width)
        $0.output = Operand(slot: result, leading: width)
        $0.epsilon = 1e-12
      }
    case .regression, .sparse, .tokenVectors:
      add(gemm(layer, rows, outputs, d, from: pooled, to: result)) { _ in }
    case .classification, .multiLabel, .tokenClassification:
      let logits = slot("logits", rows: rows, columns: outputs)
      add(gemm(layer, rows, outputs, d, from: pooled, to: logits)) { _ in }
      let kind: OpKind = options.head == .multiLabel ? .sigmoid : .softmax
      add(PlanOp(kind, layer: layer, rows: rows, columns: outputs)) {
        $0.a = Operand(slot: logits, leading: UInt32(outputs))
        $0.output = Operand(slot: result, leading: UInt32(outputs))
      }
    }
  }
}
