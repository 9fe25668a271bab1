package import TaperPlanFormat

/// Gives every op the scratch its driver documents: so many elements for each worker, at the largest over all lengths.
package enum Scratch {
  package static func run(_ graph: PlanGraph, schedule: Schedule, threads: Int, pricer: OpPricer) -> PlanGraph
  {
    var graph = graph
    for number in graph.ops.indices {
      let op = graph.pricedOps[number]
      let stride = elements(op, schedule, kernels: pricer.kernels(op))
      guard stride > 0 else { continue }
      let slot = UInt16(graph.slots.count)
      graph.slots.append(
        GraphSlot(
          name: "scratch", element: .f32, copies: threads, rows: .one, innerRows: .one, columns: stride,
          isKept: false))
      graph.ops[number].scratch = Operand(slot: slot, offset: 0, leading: UInt32(stride))
      graph.ops[number].scratchStride = UInt32(stride)
    }
    return graph
  }

  /// Scratch elements for each worker, whichever of the kernels serves the op.
  package static func elements(_ op: PricedOp, _ schedule: Schedule, kernels: [KernelID]) -> Int {
    func largest(_ value: (Int, Int) -> Int) -> Int {
      (1...schedule.maximumLength).map {
        value(schedule.value(of: op.rows, length: $0), schedule.value(of: op.innerRows, length: $0))
      }.max() ?? 0
    }
    switch op.kind {
    case .attention, .attentionScores, .attentionScored:
      return largest { _, keys in
        kernels.map { $0.attentionScratch(keys: keys, depth: Int(op.depth)) }.max() ?? 0
      }
    case .select, .selectAbove: return largest { _, keys in 2 * keys }
    // BLAS wants the rows side by side; packed products read them where they are.
    case .gemm where !op.index.isNone && op.layout == .rowMajor:
      return largest { rows, _ in rows * Int(op.depth) }
    default: return 0
    }
  }
}
