/// The walk's rules, one function each, and the reads and writes that apply them.
extension LengthWalk {
  // MARK: Reads and writes

  /// Reads `rows` rows of the operand in `role`.
  func readRows(_ op: PlanOp, _ role: OperandRole, _ rows: Int) throws(PlanFormatError) {
    let operand = op.operand(role)
    try read(operand, role, elements: span(operand, rows: rows, width: plan.rowWidth(of: op, role) ?? 0))
  }

  func read(_ operand: Operand, _ role: OperandRole, elements: Int) throws(PlanFormatError) {
    try checkInside(operand, role, elements: elements)
    try checkWritten(operand, role, elements: elements)
  }

  /// Writes `rows` rows of the output.
  mutating func writeRows(_ op: PlanOp, _ rows: Int) throws(PlanFormatError) {
    try write(
      op.output, .output, elements: span(op.output, rows: rows, width: plan.rowWidth(of: op, .output) ?? 0))
  }

  mutating func write(_ operand: Operand, _ role: OperandRole, elements: Int) throws(PlanFormatError) {
    try checkInside(operand, role, elements: elements)
    let slot = Int(operand.slot)
    states[slot].begin = min(states[slot].begin, Int(operand.offset))
    states[slot].end = max(states[slot].end, Int(operand.offset) + elements)
  }

  /// Reads the first `count` row numbers of a u32 slot; the number they are all below.
  func readNumbers(_ operand: Operand, _ role: OperandRole, count: Int) throws(PlanFormatError) -> Int {
    try checkInside(operand, role, elements: count)
    let state = states[Int(operand.slot)]
    if count > state.end {
      throw violation(
        state.end == 0 ? .readAfterWrite : .indexInRange, role, expected: state.end, found: count)
    }
    return state.bound
  }

  /// Writes `count` row numbers below `bound`; what stood there before is gone.
  mutating func writeNumbers(_ operand: Operand, count: Int, bound: Int) throws(PlanFormatError) {
    try checkInside(operand, .output, elements: count)
    states[Int(operand.slot)] = SlotState(begin: 0, end: count, bound: bound)
  }

  /// Elements from the operand's first to its last; sizes are below 2³¹ and rows below 2¹⁶, so it fits.
  private func span(_ operand: Operand, rows: Int, width: Int) -> Int {
    (rows - 1) * Int(operand.leading) + width
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

  /// Rules `rowsAvailable` and, when the rows are an index's, `indexInRange`.
  func checkRowsAvailable(_ rows: Int, of available: Int, _ areNumbers: Bool) throws(PlanFormatError) {
    if rows > available {
      throw violation(
        areNumbers ? .indexInRange : .rowsAvailable, areNumbers ? .index : .a, expected: available,
        found: rows)
    }
  }

  /// Rule `originReach`: the distance between any two of `rows` positions is below the relative bias's reach.
  func checkReach(_ op: PlanOp, rows: Int) throws(PlanFormatError) {
    guard !op.bias.isNone else { return }
    let positions = op.origin.isNone ? rows : try readNumbers(op.origin, .origin, count: rows)
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

  /// Rule `resultSlot`, the walk's half: the answer is there at this length.
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
  /// Rule `resultSlot`, the static half: the slot exists, holds f32 and outlives the run.
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
