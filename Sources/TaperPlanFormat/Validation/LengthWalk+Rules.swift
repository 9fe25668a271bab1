/// The rules of `LengthWalk`, one function each, and the reads and writes that apply them.
extension LengthWalk {
  // MARK: Reads and writes

  func read(_ operand: Operand, _ role: OperandRole, elements: Int) throws(PlanFormatError) {
    try checkInside(operand, role, elements: elements)
    try checkWritten(operand, role, elements: elements)
  }

  mutating func write(_ operand: Operand, _ role: OperandRole, elements: Int) throws(PlanFormatError) {
    try checkInside(operand, role, elements: elements)
    let slot = Int(operand.slot)
    states[slot].begin = min(states[slot].begin, Int(operand.offset))
    states[slot].end = max(states[slot].end, Int(operand.offset) + elements)
  }

  /// Reads the first `count` row numbers of a u32 slot. Returns their bound: all are below it.
  func readNumbers(_ operand: Operand, _ role: OperandRole, count: Int) throws(PlanFormatError) -> Int {
    try checkInside(operand, role, elements: count)
    let state = states[Int(operand.slot)]
    if count > state.end {
      throw violation(
        state.end == 0 ? .readAfterWrite : .indexInRange, role, expected: state.end, found: count)
    }
    return state.bound
  }

  /// Writes `count` row numbers below `bound`; whatever the slot held before is gone.
  mutating func writeNumbers(_ operand: Operand, count: Int, bound: Int) throws(PlanFormatError) {
    try checkInside(operand, .output, elements: count)
    states[Int(operand.slot)] = SlotState(begin: 0, end: count, bound: bound)
  }

  // MARK: Rules

  /// Rule `operandInsideSlot`.
  private func checkInside(_ operand: Operand, _ role: OperandRole, elements: Int) throws(PlanFormatError) {
    let capacity = capacities[Int(operand.slot)]
    let end = Int(operand.offset) + elements
    if end > capacity { throw violation(.operandInsideSlot, role, expected: capacity, found: end) }
  }

  /// Rule `readAfterWrite`.
  private func checkWritten(_ operand: Operand, _ role: OperandRole, elements: Int) throws(PlanFormatError) {
    let state = states[Int(operand.slot)]
    let end = Int(operand.offset) + elements
    if end > state.end || Int(operand.offset) < state.begin {
      throw violation(.readAfterWrite, role, expected: state.end, found: end)
    }
  }

  /// Rule `rowsAvailable`, or `indexInRange` when an index names the rows.
  func checkRowsAvailable(_ rows: Int, of available: Int, _ areNumbers: Bool) throws(PlanFormatError) {
    if rows > available {
      throw violation(
        areNumbers ? .indexInRange : .rowsAvailable, areNumbers ? .index : .a, expected: available,
        found: rows)
    }
  }

  /// Rule `originReach`: positions are below `positions`, so any two are less far apart than the relative bias reaches,
  /// and each has its row of angles.
  func checkReach(_ op: PlanOp, positions: Int) throws(PlanFormatError) {
    if positions > Int(op.extent) {
      throw violation(.originReach, .origin, expected: Int(op.extent), found: positions)
    }
  }

  /// Rules `scratchSize` and `scratchCopies`.
  func checkScratch(_ op: PlanOp, elements: Int) throws(PlanFormatError) {
    guard !op.scratch.isNone else {
      if elements > 0 { throw violation(.scratchSize, .scratch, expected: elements, found: 0) }
      return
    }
    if Int(op.scratchStride) < elements {
      throw violation(.scratchSize, .scratch, expected: elements, found: Int(op.scratchStride))
    }
    let threads = Int(plan.identity.threads)
    let copies = Int(plan.arena.slots[Int(op.scratch.slot)].copies)
    if copies < threads { throw violation(.scratchCopies, .scratch, expected: threads, found: copies) }
    try checkInside(op.scratch, .scratch, elements: threads * Int(op.scratchStride))
  }

  /// The half of rule `resultSlot` that depends on the length: the answer is written.
  func checkResultWritten() throws(PlanFormatError) {
    let state = states[Int(plan.resultSlot)]
    let width = plan.head.outputCount(tokens: length)
    if state.begin != 0 || state.end < width {
      throw .violated(
        PlanViolation(
          .resultSlot, .slot(Int(plan.resultSlot)), length: length, expected: UInt64(width),
          found: UInt64(clamping: state.end)))
    }
  }
}

extension PlanValidator {
  /// The other half of rule `resultSlot`: the slot exists, holds f32 and outlives the run.
  static func checkResultSlot(_ plan: Plan) throws(PlanFormatError) {
    let number = Int(plan.resultSlot)
    try require(
      number < plan.arena.slots.count, .slotExists, .plan, expected: plan.arena.slots.count - 1, found: number
    )
    let slot = plan.arena.slots[number]
    try require(
      slot.element == .f32, .resultSlot, .slot(number), expected: Int(ElementType.f32.rawValue),
      found: Int(slot.element.rawValue))
    try require(
      slot.lastOp == .max, .resultSlot, .slot(number), expected: Int(UInt32.max), found: Int(slot.lastOp))
  }
}
