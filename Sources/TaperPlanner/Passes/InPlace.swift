import TaperPlanFormat

/// Outputs take the place of inputs that die with the op, where the driver allows output and `a` to be the same
/// memory: bias with activation, sum, layer norm (ck_op.h). Smaller arena, warmer caches.
package enum InPlace {
  private static let kinds: Set<OpKind> = [.biasActivation, .add, .layerNorm]

  package static func run(_ graph: PlanGraph) -> PlanGraph {
    var graph = graph
    for number in graph.ops.indices where canShare(number, graph) {
      let op = graph.ops[number]
      let dying = op.a.slot
      let born = op.output.slot
      // The newborn's name and fate win: it may be an instrumented slot.
      for other in graph.ops.indices { graph.ops[other].rename(dying, to: born) }
    }
    return graph
  }

  private static func canShare(_ number: Int, _ graph: PlanGraph) -> Bool {
    let op = graph.ops[number]
    guard kinds.contains(op.kind), op.condition == .always, op.a.slot != op.output.slot,
      op.b.isNone || op.b.slot != op.a.slot
    else { return false }
    let input = graph.slot(op.a)
    return graph.isWhole(op.a) && graph.isWhole(op.output) && !input.isKept
      && input.hasShape(of: graph.slot(op.output)) && graph.readers(of: op.a.slot).last == number
      && graph.writers(of: op.a.slot).allSatisfy { $0 < number }
      && graph.writers(of: op.output.slot) == [number]
  }
}

extension PlanOp {
  fileprivate mutating func rename(_ old: UInt16, to new: UInt16) {
    func renamed(_ operand: Operand) -> Operand {
      operand.slot == old && !operand.isNone
        ? Operand(slot: new, offset: operand.offset, leading: operand.leading) : operand
    }
    a = renamed(a)
    b = renamed(b)
    c = renamed(c)
    output = renamed(output)
    output2 = renamed(output2)
    index = renamed(index)
    origin = renamed(origin)
    scratch = renamed(scratch)
  }
}
