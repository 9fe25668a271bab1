/// Verifies an arena layout without using the arena planner's code. It computes sizes from the symbols over every input
/// length, and lifetimes from the ops, and compares them with the recorded ones (rules `slotAlignment`, `slotSize`,
/// `slotInside`, `slotUsed`, `slotLifetime`, `slotOverlap`).
enum ArenaVerifier {
  /// The ops between which a slot is alive, both included; `last` is Int.max for a slot that outlives the run.
  struct Lifetime {
    var first: Int
    var last: Int
  }

  static func verify(_ plan: Plan) throws(PlanFormatError) {
    for number in plan.arena.slots.indices {
      try checkSymbols(number, plan)
      try checkAlignment(number, plan)
      try checkSize(number, plan)
      try checkInside(number, plan)
    }
    let lifetimes = try checkLifetimes(plan)
    try checkOverlaps(plan, lifetimes)
  }

  private static func checkSymbols(_ number: Int, _ plan: Plan) throws(PlanFormatError) {
    let slot = plan.arena.slots[number]
    for symbol in [slot.rows, slot.innerRows] {
      let layer = symbol.layer ?? 0
      try PlanValidator.require(
        layer <= plan.schedule.layerCount, .rowSymbol, .slot(number), expected: plan.schedule.layerCount,
        found: layer)
    }
  }

  private static func checkAlignment(_ number: Int, _ plan: Plan) throws(PlanFormatError) {
    let offset = plan.arena.slots[number].offset.rawValue
    try PlanValidator.require(
      offset % ArenaLayout.alignment == 0, .slotAlignment, .slot(number),
      expected: Int(clamping: offset / ArenaLayout.alignment * ArenaLayout.alignment),
      found: Int(clamping: offset))
  }

  /// copies · rows · innerRows · columns elements, at the maximum over all input lengths.
  static func size(of slot: ArenaSlot, schedule: Schedule) -> UInt64 {
    var most: UInt64 = 0
    for length in 1...schedule.maximumLength {
      let rows = schedule.value(of: slot.rows, length: length)
      most = max(most, UInt64(rows * schedule.value(of: slot.innerRows, length: length)))
    }
    for factor in [UInt64(slot.copies), UInt64(slot.columns), UInt64(slot.element.byteCount)] {
      let (product, overflow) = most.multipliedReportingOverflow(by: factor)
      most = overflow ? .max : product
    }
    return most
  }

  private static func checkSize(_ number: Int, _ plan: Plan) throws(PlanFormatError) {
    let slot = plan.arena.slots[number]
    let needed = size(of: slot, schedule: plan.schedule)
    try PlanValidator.require(
      needed > 0 && needed < 1 << 62 && slot.byteCount.rawValue >= needed, .slotSize, .slot(number),
      expected: Int(clamping: max(needed, 1)), found: Int(clamping: slot.byteCount.rawValue))
  }

  /// In bytes. Far above any memory, and sums over as many slots as a plan may have fit 64 bits.
  private static let maximumSize: UInt64 = 1 << 48

  private static func checkInside(_ number: Int, _ plan: Plan) throws(PlanFormatError) {
    let slot = plan.arena.slots[number]
    let total = plan.arena.byteCount.rawValue
    let (end, overflow) = slot.offset.rawValue.addingReportingOverflow(slot.byteCount.rawValue)
    try PlanValidator.require(
      total <= maximumSize, .slotInside, .slot(number), expected: Int(maximumSize),
      found: Int(clamping: total))
    try PlanValidator.require(
      !overflow && end <= total, .slotInside, .slot(number), expected: Int(clamping: total),
      found: overflow ? .max : Int(clamping: end))
  }

  /// Rules `slotUsed` and `slotLifetime`. A lifetime runs from the first to the last op that names the slot, whatever
  /// its guard.
  private static func checkLifetimes(_ plan: Plan) throws(PlanFormatError) -> [Lifetime] {
    var lifetimes = [Lifetime](repeating: Lifetime(first: .max, last: -1), count: plan.arena.slots.count)
    for (number, op) in plan.ops.enumerated() {
      for role in OperandRole.slotRoles where !op.operand(role).isNone {
        let slot = Int(op.operand(role).slot)
        lifetimes[slot].first = min(lifetimes[slot].first, number)
        lifetimes[slot].last = number
      }
    }
    for (number, slot) in plan.arena.slots.enumerated() {
      try PlanValidator.require(lifetimes[number].last >= 0, .slotUsed, .slot(number), expected: 1, found: 0)
      try PlanValidator.require(
        Int(slot.firstOp) == lifetimes[number].first, .slotLifetime, .slot(number),
        expected: lifetimes[number].first, found: Int(slot.firstOp))
      if slot.lastOp == .max {
        lifetimes[number].last = .max
      } else {
        try PlanValidator.require(
          Int(slot.lastOp) == lifetimes[number].last, .slotLifetime, .slot(number),
          expected: lifetimes[number].last,
          found: Int(slot.lastOp))
      }
    }
    return lifetimes
  }

  private static func checkOverlaps(_ plan: Plan, _ lifetimes: [Lifetime]) throws(PlanFormatError) {
    let slots = plan.arena.slots
    for first in slots.indices {
      for second in slots.indices.dropFirst(first + 1) {
        let together =
          lifetimes[first].first <= lifetimes[second].last && lifetimes[second].first <= lifetimes[first].last
        let share =
          slots[first].offset.rawValue < slots[second].offset.rawValue + slots[second].byteCount.rawValue
          && slots[second].offset.rawValue < slots[first].offset.rawValue + slots[first].byteCount.rawValue
        try PlanValidator.require(
          !(together && share), .slotOverlap, .slots(first, second), expected: 0,
          found: Int(clamping: max(slots[first].offset.rawValue, slots[second].offset.rawValue)))
      }
    }
  }
}
