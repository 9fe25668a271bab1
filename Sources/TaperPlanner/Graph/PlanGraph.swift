package import TaperPlanFormat

/// The planner's intermediate form: the final op records over virtual slots and weight recipes.
///
/// `GraphBuilder` writes it in its plainest form, one op for each step of the definition; the passes rewrite it; the
/// arena planner gives slots a place; emission renumbers. Operands name slots by their number here, weight references
/// name recipes. Order is execution order. Slots and recipes that no op names any more are dropped by emission.
package struct PlanGraph: Hashable, Sendable {
  package var slots: [GraphSlot] = []
  package var ops: [PlanOp] = []
  package var weights: [WeightRecipe] = []
  package var result: UInt16 = 0
  /// Layers whose attention may round to bf16.
  package var roundedAttention: Set<Int> = []

  /// The ops with their weights' layouts, for costs.
  package var pricedOps: [PricedOp] {
    ops.map {
      PricedOp(
        $0, layout: $0.weight.isNone ? .rowMajor : weights[Int($0.weight.rawValue)].layout,
        mayRound: mayRound($0))
    }
  }

  package func mayRound(_ op: PlanOp) -> Bool { roundedAttention.contains(Int(op.layer)) }

  package func slot(_ operand: Operand) -> GraphSlot { slots[Int(operand.slot)] }

  /// Whether the operand spans its slot from the first element on, rows without gaps.
  package func isWhole(_ operand: Operand) -> Bool {
    operand.offset == 0 && Int(operand.leading) == slot(operand).columns
  }

  /// Numbers of the ops that read the slot, ascending.
  package func readers(of slot: UInt16) -> [Int] {
    ops.indices.filter { ops[$0].readOperands.contains { $0.slot == slot } }
  }

  /// Numbers of the ops that write the slot, ascending.
  package func writers(of slot: UInt16) -> [Int] {
    ops.indices.filter { ops[$0].writtenOperands.contains { $0.slot == slot } }
  }

  /// Whether `op` is the one reader of the slot, which dies with it.
  package func isOnlyReader(_ op: Int, of slot: UInt16) -> Bool {
    !slots[Int(slot)].outlivesRun && readers(of: slot) == [op]
  }

  package mutating func remove(_ doomed: Set<Int>) {
    ops = ops.indices.filter { !doomed.contains($0) }.map { ops[$0] }
  }
}

extension PlanOp {
  /// Operands whose elements the op reads; its output too where it relies on what that held.
  package var readOperands: [Operand] {
    var operands = [a, b, c, index, origin]
    if kind.definition.updatesOutput { operands.append(output) }
    return operands.filter { !$0.isNone }
  }

  package var writtenOperands: [Operand] { [output, output2, scratch].filter { !$0.isNone } }
}
