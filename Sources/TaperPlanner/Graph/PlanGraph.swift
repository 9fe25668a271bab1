package import TaperPlanFormat

/// The planner's intermediate form: the final op records over virtual slots and weight recipes.
///
/// `GraphBuilder` writes it with one op for each step of the model's definition, the passes rewrite it, the arena
/// planner places slots, and emission renumbers. Operands name slots, and weight references name recipes, by their
/// number here. Ops are in execution order. Emission drops slots and recipes that no op names.
package struct PlanGraph: Hashable, Sendable {
  package var slots: [GraphSlot] = []
  package var ops: [PlanOp] = []
  package var weights: [WeightRecipe] = []
  package var result: UInt16 = 0
  /// Layers whose attention may round to bf16.
  package var roundedAttention: Set<Int> = []

  /// The ops with the layouts of their weights, for pricing.
  package var pricedOps: [PricedOp] { ops.map(priced) }

  package func priced(_ op: PlanOp) -> PricedOp {
    PricedOp(
      op, layout: op.weight.isNone ? .rowMajor : weights[Int(op.weight.rawValue)].layout,
      mayRound: mayRound(op))
  }

  package func mayRound(_ op: PlanOp) -> Bool { roundedAttention.contains(Int(op.layer)) }

  package func slot(_ operand: Operand) -> GraphSlot { slots[Int(operand.slot)] }

  /// Whether the operand spans its slot from the first element, with rows next to each other.
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

  /// Whether nothing but `op` reads the slot, so that it dies there.
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
    let reads = kind.definition.operands.filter {
      !$0.isWritten || $0.role == .output && kind.definition.updatesOutput
    }
    return reads.map { operand($0.role) }.filter { !$0.isNone }
  }

  package var writtenOperands: [Operand] { (results + [scratch]).filter { !$0.isNone } }

  /// What the op is there for.
  var results: [Operand] {
    kind.definition.operands.filter(\.isWritten).map { operand($0.role) }.filter { !$0.isNone }
  }
}
