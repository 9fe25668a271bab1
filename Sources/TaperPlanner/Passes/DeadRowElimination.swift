import TaperPlanFormat

/// Computes no rows that nobody reads (ours: exact, and useful in dense plans too).
///
/// With [CLS] pooling only row 0 of the last layer is read. Of that layer then only row 0 of the queries, the
/// attention, the output projection and the FFN is computed; keys and values need all rows. Demand flows backwards: a
/// row-wise op of whose output only row 0 is wanted becomes a one-row op, and wants only row 0 of the inputs that it
/// reads row by row. Row 0 is always kept and always first, so it needs no index. Elimination in that layer then has no
/// reader and goes too: the plain attention serves every length.
package enum DeadRowElimination {
  private enum Demand { case firstRow, all }

  package static func run(_ graph: PlanGraph) -> PlanGraph {
    var current = graph
    while true {
      var next = narrowed(current)
      bypassGathers(&next)
      mergeAttention(&next)
      next = DeadOpElimination.run(next)
      // A removed op may have been the last to want all rows of something.
      if next == current { return current }
      current = next
    }
  }

  private static func narrowed(_ graph: PlanGraph) -> PlanGraph {
    var graph = graph
    var demands: [UInt16: Demand] = [graph.result: .all]
    for slot in graph.slots.indices where graph.slots[slot].outlivesRun { demands[UInt16(slot)] = .all }
    func want(_ operand: Operand, _ demand: Demand) {
      guard !operand.isNone else { return }
      if demands[operand.slot] != .all { demands[operand.slot] = demand }
    }
    for number in graph.ops.indices.reversed() {
      var op = graph.ops[number]
      if op.kind.definition.isRowWise, op.rows != .one, demands[op.output.slot] == .firstRow {
        op.rows = .one
        op.index = .none
        graph.ops[number] = op
        graph.slots[Int(op.output.slot)].rows = .one
      }
      for role in [OperandRole.a, .b, .c] {
        want(op.operand(role), readsFirstRow(op, role) ? .firstRow : .all)
      }
      for operand in [op.index, op.origin] { want(operand, .all) }
      if op.kind.definition.updatesOutput { want(op.output, .all) }
    }
    return graph
  }

  /// Whether the op reads at most the first row of the operand in `role`.
  private static func readsFirstRow(_ op: PlanOp, _ role: OperandRole) -> Bool {
    guard case .rows(let span, _, _) = op.kind.definition.operand(role)?.content else { return false }
    return switch span {
    case .rows, .indexed: op.rows == .one && op.index.isNone
    case .inner: op.innerRows == .one
    case .one, .dropped, .all, .positions: false
    }
  }

  /// Removes a gather of row 0 alone: its readers can read its input.
  private static func bypassGathers(_ graph: inout PlanGraph) {
    var doomed: Set<Int> = []
    for number in graph.ops.indices where graph.ops[number].kind == .gather && graph.ops[number].index.isNone
    {
      let gather = graph.ops[number]
      guard !graph.slot(gather.output).outlivesRun else { continue }
      for reader in graph.readers(of: gather.output.slot) {
        graph.ops[reader].replaceReads(of: gather.output, with: gather.a)
      }
      doomed.insert(number)
    }
    graph.remove(doomed)
  }

  /// Where both ways through a layer's attention compute only row 0, the plain one serves all lengths.
  private static func mergeAttention(_ graph: inout PlanGraph) {
    for number in graph.ops.indices {
      let op = graph.ops[number]
      guard op.kind == .attention, op.rows == .one, op.condition == .ifNotReduced else { continue }
      let twins = graph.writers(of: op.output.slot).filter { $0 != number }
      guard twins.allSatisfy({ graph.ops[$0].kind == .attentionContext && graph.ops[$0].rows == .one }) else {
        continue
      }
      graph.ops[number].condition = .always
      graph.remove(Set(twins))
      return mergeAttention(&graph)
    }
  }
}
