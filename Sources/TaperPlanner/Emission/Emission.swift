package import TaperPlanFormat

/// From a finished graph to the plan's ops, arena and weights. Slots and weights are numbered in order of first use;
/// slots get their lifetimes, sizes and offsets.
package struct Emission {
  package var ops: [PlanOp]
  package var arena: ArenaLayout
  package var weights: [WeightRecipe]
  package var resultSlot: UInt16
  /// The ops with their weights' layouts, for costs.
  package let pricedOps: [PricedOp]

  package init(_ graph: PlanGraph, schedule: Schedule, sharing shares: Bool) {
    var slotNumbers: [UInt16: UInt16] = [:]
    var weightNumbers: [UInt16: UInt16] = [:]
    var slots: [ArenaSlot] = []
    var recipes: [WeightRecipe] = []
    ops = graph.ops

    func number(_ operand: inout Operand) {
      guard !operand.isNone else { return }
      if let known = slotNumbers[operand.slot] {
        operand.slot = known
        return
      }
      let fresh = UInt16(slots.count)
      slotNumbers[operand.slot] = fresh
      slots.append(Emission.arenaSlot(operand.slot, graph, schedule))
      operand.slot = fresh
    }
    func number(_ reference: inout WeightReference) {
      guard !reference.isNone else { return }
      if weightNumbers[reference.rawValue] == nil {
        weightNumbers[reference.rawValue] = UInt16(recipes.count)
        recipes.append(graph.weights[Int(reference.rawValue)])
      }
      reference = WeightReference(rawValue: weightNumbers[reference.rawValue] ?? 0)
    }
    for op in ops.indices {
      number(&ops[op].a)
      number(&ops[op].b)
      number(&ops[op].c)
      number(&ops[op].index)
      number(&ops[op].origin)
      number(&ops[op].output)
      number(&ops[op].output2)
      number(&ops[op].scratch)
      number(&ops[op].table0)
      number(&ops[op].table1)
      number(&ops[op].table2)
      number(&ops[op].weight)
      number(&ops[op].bias)
      number(&ops[op].gamma)
      number(&ops[op].beta)
    }
    arena = ArenaPlanner.place(slots, sharing: shares)
    weights = recipes
    pricedOps = zip(ops, graph.pricedOps).map { PricedOp($0, layout: $1.layout, mayRound: $1.mayRound) }
    resultSlot = slotNumbers[graph.result] ?? 0
  }

  private static func arenaSlot(_ number: UInt16, _ graph: PlanGraph, _ schedule: Schedule) -> ArenaSlot {
    let virtual = graph.slots[Int(number)]
    var slot = ArenaSlot(
      name: virtual.name, element: virtual.element, copies: virtual.copies, rows: virtual.rows,
      innerRows: virtual.innerRows, columns: virtual.columns)
    let touched = Set(graph.writers(of: number) + graph.readers(of: number))
    slot.firstOp = UInt32(touched.min() ?? 0)
    slot.lastOp = virtual.outlivesRun ? .max : UInt32(touched.max() ?? 0)
    let elements =
      (1...schedule.maximumLength).map {
        virtual.copies * schedule.value(of: virtual.rows, length: $0)
          * schedule.value(of: virtual.innerRows, length: $0) * virtual.columns
      }.max() ?? 0
    var byteCount = elements * virtual.element.byteCount
    if virtual.element.isEncoded {
      // Encoded activations: some tiers lay them out in tiles.
      byteCount = virtual.element.tileByteCount(rows: elements / virtual.columns, columns: virtual.columns)
    }
    slot.byteCount = Bytes(UInt64(byteCount))
    return slot
  }
}
