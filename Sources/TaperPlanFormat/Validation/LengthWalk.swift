/// Executes the op list symbolically for one input length: which elements of every slot are written, how many row
/// numbers an index holds and below which bound they are (rules `operandInsideSlot`, `readAfterWrite`,
/// `rowsAvailable`, `indexInRange`, `originReach`, `scratchSize`, `scratchCopies`, and half of `resultSlot`).
///
/// Row counts and conditions are those of a run. An op may therefore read what only an op under the same condition
/// wrote, and an op that meets an unwritten slot at a single length is found.
struct LengthWalk {
  let plan: Plan
  /// The slots' capacities in elements.
  let capacities: [Int]
  private var steps: [Step] = []
  private var accesses: [Access] = []
  private let kernels: [KernelID]
  var states: [SlotState]
  /// Numbers of the dynamic selections.
  let dynamic: [Int]
  /// The current input length and op, and T(0)…T(L) as they are before it.
  var length = 0
  var number = 0
  private var counts: [UInt16] = []

  /// What is known of an op without the input's length. Its accesses and kernels are runs of `accesses` and `kernels`.
  private struct Step {
    var reads = 0..<0
    var writes = 0..<0
    var kernels = 0..<0
    /// The rows whose original positions it needs.
    var positions: RowSpan?
    /// Whether its rows are some of its inner rows.
    var takesInnerRows = false
    /// Whether those positions must be below the op's extent.
    var limitsPositions: Bool
    var halts: Bool
    var needsScratch = false
  }

  /// An operand that a step reads or writes.
  private struct Access: BitwiseCopyable {
    var role: OperandRole
    var operand: Operand
    var content: OperandContent
    var width: Int
  }

  /// The row counts of one step.
  private struct Spans {
    var rows: Int
    var inner: Int
    var indexed: Int
    var dropped: Int
    var positions = 0

    subscript(span: RowSpan) -> Int {
      switch span {
      case .one: 1
      case .rows: rows
      case .inner: inner
      case .indexed: indexed
      case .dropped: dropped
      case .all: max(indexed, inner)
      case .positions: positions
      }
    }
  }

  /// - Precondition: the rules about single ops, slots and the schedule hold.
  init(_ plan: Plan) {
    self.plan = plan
    capacities = plan.arena.slots.map { Int($0.byteCount.rawValue) / $0.element.byteCount }
    states = [SlotState](repeating: .unwritten, count: plan.arena.slots.count)
    dynamic = plan.ops.indices.filter { plan.ops[$0].kind.isDynamic }
    kernels = plan.selections.map(\.kernel)
    var selection = 0
    for (number, op) in plan.ops.enumerated() {
      var step = appendStep(of: op)
      let first = selection
      while selection < kernels.count, Int(plan.selections[selection].op) == number { selection += 1 }
      step.kernels = first..<selection
      step.needsScratch = kernels[step.kernels].contains {
        !$0.scratchIsOptional && $0.scratch(rows: 1, innerRows: 1, depth: 1) > 0
      }
      steps.append(step)
    }
  }

  private mutating func appendStep(of op: PlanOp) -> Step {
    let definition = op.kind.definition
    var step = Step(
      limitsPositions: definition.limitsPositions(of: op),
      halts: op.kind.haltingRule != nil)
    var (reads, writes): ([Access], [Access]) = ([], [])
    for operand in definition.operands {
      switch operand.content {
      case .index, .tensor: continue
      case .positions(let span):
        step.positions = span
        continue
      case .scores, .probabilities: if !operand.isWritten { step.takesInnerRows = true }
      case .numbers(below: .inner): step.takesInnerRows = true
      // Queries are among the keys' rows.
      case .rows(_, .attended, _): step.takesInnerRows = true
      case .rows, .pairs, .numbers, .renumbered: break
      }
      guard op.has(operand.role) else { continue }
      let access = Access(
        role: operand.role, operand: op.operand(operand.role), content: operand.content,
        width: plan.rowWidth(of: op, operand.content) ?? 0)
      if operand.isWritten { writes.append(access) } else { reads.append(access) }
    }
    let first = accesses.count
    accesses += reads + writes
    step.reads = first..<first + reads.count
    step.writes = step.reads.upperBound..<accesses.count
    return step
  }

  /// Walks with the schedule's counts. With `emptied`, that dynamic selection leaves a single row.
  mutating func run(length: Int, emptying emptied: Int? = nil) throws(PlanFormatError) {
    self.length = length
    counts = Array(plan.schedule.retentionConfiguration(length: length))
    for slot in states.indices { states[slot] = .unwritten }
    for number in plan.ops.indices {
      let layer = Int(plan.ops[number].layer)
      let isReduced = Schedule.isReduced(layer: layer, layerCount: counts.count - 1) { counts[$0] }
      guard plan.ops[number].condition.holds(isReduced: isReduced) else { continue }
      self.number = number
      try step(plan.ops[number], usesIndex: !plan.ops[number].index.isNone && isReduced)
      if number == emptied { for later in layer..<counts.count { counts[later] = 1 } }
    }
    try checkResultWritten()
  }

  private func value(_ rows: RowCount) -> Int { rows.layer.map { Int(counts[$0]) } ?? 1 }

  private mutating func step(_ op: PlanOp, usesIndex: Bool) throws(PlanFormatError) {
    let rows = value(op.rows)
    let inner = value(op.innerRows)
    let step = steps[number]
    var scratch = 0
    if step.needsScratch {
      for kernel in kernels[step.kernels] where !kernel.scratchIsOptional {
        // A product copies rows only where an index names them.
        let needed = kernel.scratch(rows: usesIndex ? rows : 0, innerRows: inner, depth: Int(op.depth))
        scratch = max(scratch, needed)
      }
    }
    try checkScratch(op, elements: scratch)
    var spans = Spans(
      rows: rows, inner: inner, indexed: usesIndex ? try readNumbers(op.index, .index, count: rows) : rows,
      dropped: usesIndex ? inner : rows)
    if step.takesInnerRows { try checkRowsAvailable(spans.indexed, of: inner, usesIndex) }
    for access in step.reads {
      guard let elements = extent(of: accesses[access], heads: Int(op.heads), spans) else { continue }
      try read(accesses[access].operand, accesses[access].role, elements: elements)
    }
    if let span = step.positions {
      spans.positions =
        op.origin.isNone ? spans[span] : try readNumbers(op.origin, .origin, count: spans[span])
      if step.limitsPositions { try checkReach(op, positions: spans.positions) }
    }
    for access in step.writes {
      try write(accesses[access], heads: Int(op.heads), spans, usesIndex: usesIndex)
    }
    // The run may end here.
    if step.halts { try checkResultWritten() }
  }

  private mutating func write(
    _ access: Access, heads: Int, _ spans: Spans, usesIndex: Bool
  ) throws(PlanFormatError) {
    switch access.content {
    case .numbers(let bound):
      try writeNumbers(access.operand, count: spans.rows, bound: spans[bound])
    case .renumbered:
      guard usesIndex else { return }
      let bound = try readNumbers(access.operand, access.role, count: spans.indexed)
      try writeNumbers(access.operand, count: spans.rows, bound: bound)
    default:
      if let elements = extent(of: access, heads: heads, spans) {
        try write(access.operand, access.role, elements: elements)
      }
    }
  }

  /// Elements from the operand's first to its last; nil for row numbers. Sizes are below 2³¹ and rows below 2¹⁶, so
  /// that it fits.
  private func extent(of access: Access, heads: Int, _ spans: Spans) -> Int? {
    switch access.content {
    case .rows(let span, _, _): (spans[span] - 1) * Int(access.operand.leading) + access.width
    case .pairs(let span): 2 * spans[span]
    case .scores: heads * spans.inner
    case .probabilities: heads * spans.inner * spans.inner
    case .numbers, .renumbered, .index, .positions, .tensor: nil
    }
  }

  func violation(_ rule: PlanRule, _ role: OperandRole, expected: Int, found: Int) -> PlanFormatError {
    .violated(
      PlanViolation(
        rule, .operand(op: number, role), length: length, expected: UInt64(clamping: expected),
        found: UInt64(clamping: found)))
  }
}
