package import TaperPlanFormat

/// Gives every op the scratch that its kernels use (`KernelID.scratch`): for each worker, the most over all lengths.
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
          outlivesRun: false))
      graph.ops[number].scratch = Operand(slot: slot, offset: 0, leading: UInt32(stride))
      graph.ops[number].scratchStride = UInt32(stride)
    }
    return graph
  }

  /// Scratch elements for each worker, whichever of the kernels serves the op.
  package static func elements(_ op: PricedOp, _ schedule: Schedule, kernels: [KernelID]) -> Int {
    (1...schedule.maximumLength).map { length in
      // A product copies rows only where an index names them.
      let rows = op.index.isNone ? 0 : schedule.value(of: op.rows, length: length)
      let innerRows = schedule.value(of: op.innerRows, length: length)
      return kernels.map { $0.scratch(rows: rows, innerRows: innerRows, depth: Int(op.depth)) }.max() ?? 0
    }.max() ?? 0
  }
}
