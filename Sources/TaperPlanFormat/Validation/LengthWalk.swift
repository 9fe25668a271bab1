/// Runs the op list in the abstract for one input length: which elements of every slot are written, how many row
/// numbers an index holds and below what they are (rules `operandInsideSlot`, `readAfterWrite`, `rowsAvailable`,
/// `indexInRange`, `originReach`, `scratchSize`, `scratchCopies`, and the walk's half of `resultSlot`).
///
/// Row counts and conditions are those of a run, so an op that reads only what an op under the same condition wrote is
/// fine, and one that may meet an unwritten slot at a single length is not.
struct LengthWalk {
  let plan: Plan
  /// The slots' capacities in elements.
  let capacities: [Int]
  /// The kernels selected for every op.
  private let kernels: [[KernelID]]
  var states: [SlotState]
  /// Numbers of the ops that decide how many rows leave their layer.
  let counting: [Int]
  /// The current input length and op, and T(0)…T(L) as they are before it.
  var length = 0
  var number = 0
  private var counts: [UInt16] = []

  /// - Precondition: the rules about single ops, slots and the schedule hold.
  init(_ plan: Plan) {
    self.plan = plan
    capacities = plan.arena.slots.map { Int($0.byteCount.rawValue) / $0.element.byteCount }
    states = [SlotState](repeating: .unwritten, count: plan.arena.slots.count)
    counting = plan.ops.indices.filter { plan.ops[$0].kind == .selectAbove }
    var kernels = [[KernelID]](repeating: [], count: plan.ops.count)
    for selection in plan.selections { kernels[Int(selection.op)].append(selection.kernel) }
    self.kernels = kernels
  }

  /// Walks with the schedule's counts; with those and a single row left by op `emptied`, where one is given.
  mutating func run(length: Int, emptying emptied: Int? = nil) throws(PlanFormatError) {
    self.length = length
    counts = Array(plan.schedule.retentionConfiguration(length: length))
    for slot in states.indices { states[slot] = .unwritten }
    for number in plan.ops.indices {
      let op = plan.ops[number]
      let layer = Int(op.layer)
      let isReduced =
        layer >= 1 && layer <= plan.schedule.layerCount && counts[layer] < counts[layer - 1]
      switch op.condition {
      case .always: break
      case .ifReduced: if !isReduced { continue }
      case .ifNotReduced: if isReduced { continue }
      }
      self.number = number
      let usesIndex = !op.index.isNone && isReduced
      try step(op, usesIndex: usesIndex)
      if number == emptied { for later in layer..<counts.count { counts[later] = 1 } }
    }
    try checkResultWritten()
  }

  private func value(_ rows: RowCount) -> Int { rows.layer.map { Int(counts[$0]) } ?? 1 }

  /// The rows of the input that the op's index may name, when it uses one; else the first `rows`.
  private func namedRows(_ op: PlanOp, rows: Int, usesIndex: Bool) throws(PlanFormatError) -> Int {
    usesIndex ? try readNumbers(op.index, .index, count: rows) : rows
  }

  private mutating func step(_ op: PlanOp, usesIndex: Bool) throws(PlanFormatError) {
    let rows = value(op.rows)
    let inner = value(op.innerRows)
    let heads = Int(op.heads)
    switch op.kind {
    case .embed:
      try checkScratch(op, elements: 0)
      try writeRows(op, rows)
    case .gemm:
      let copies = usesIndex && plan.weightLayout(of: op) == .rowMajor
      try checkScratch(op, elements: copies ? rows * Int(op.depth) : 0)
      let named = try namedRows(op, rows: rows, usesIndex: usesIndex)
      try readRows(op, .a, named)
      if !op.b.isNone { try read(op.b, .b, elements: 2 * named) }
      try writeRows(op, rows)
    case .encode:
      try checkScratch(op, elements: 0)
      try readRows(op, .a, namedRows(op, rows: rows, usesIndex: usesIndex))
      try writeRows(op, rows)
      if !op.output2.isNone { try write(op.output2, .output2, elements: 2 * rows) }
    case .biasActivation, .l2Normalize, .softmax, .sigmoid:
      try checkScratch(op, elements: 0)
      try readRows(op, .a, rows)
      try writeRows(op, rows)
    case .add, .layerNorm:
      try checkScratch(op, elements: 0)
      try readRows(op, .a, rows)
      if !op.b.isNone { try readRows(op, .b, namedRows(op, rows: rows, usesIndex: usesIndex)) }
      try writeRows(op, rows)
    case .attention:
      try checkScratch(op, elements: attentionScratch(op, keys: inner))
      let queries = try namedRows(op, rows: rows, usesIndex: usesIndex)
      try readRows(op, .a, queries)
      try readRows(op, .b, inner)
      try readRows(op, .c, inner)
      try checkReach(op, rows: max(queries, inner))
      try writeRows(op, rows)
    case .attentionScores:
      try checkScratch(op, elements: 0)
      try readRows(op, .a, rows)
      try readRows(op, .b, inner)
      try checkReach(op, rows: inner)
      try write(op.output, .output, elements: heads * inner * inner)
      try write(op.output2, .output2, elements: heads * inner)
    case .attentionScored:
      try checkScratch(op, elements: attentionScratch(op, keys: inner))
      for role in [OperandRole.a, .b, .c] { try readRows(op, role, inner) }
      try checkReach(op, rows: inner)
      try writeRows(op, rows)
      try write(op.output2, .output2, elements: heads * inner)
    case .attentionContext:
      try checkScratch(op, elements: 0)
      try checkRowsAvailable(try namedRows(op, rows: rows, usesIndex: usesIndex), of: inner, usesIndex)
      try read(op.b, .b, elements: heads * inner * inner)
      try readRows(op, .c, inner)
      try writeRows(op, rows)
    case .iota:
      try checkScratch(op, elements: 0)
      try writeNumbers(op.output, count: rows, bound: rows)
    case .select, .selectAbove:
      try checkScratch(op, elements: 2 * inner)
      try checkRowsAvailable(rows, of: inner, false)
      try read(op.a, .a, elements: heads * inner)
      try writeNumbers(op.output, count: rows, bound: inner)
    case .scatter:
      try checkScratch(op, elements: 0)
      // With an index, every one of the inner rows may be moved; without, the first `rows`.
      if usesIndex { _ = try readNumbers(op.index, .index, count: rows) }
      let moved = usesIndex ? inner : rows
      try readRows(op, .a, moved)
      let bound = op.origin.isNone ? moved : try readNumbers(op.origin, .origin, count: moved)
      try writeRows(op, bound)
    case .compose:
      try checkScratch(op, elements: 0)
      guard usesIndex else { return }
      let named = try readNumbers(op.index, .index, count: rows)
      let bound = try readNumbers(op.output, .output, count: named)
      try writeNumbers(op.output, count: rows, bound: bound)
    case .gather:
      try checkScratch(op, elements: 0)
      try readRows(op, .a, namedRows(op, rows: rows, usesIndex: usesIndex))
      try writeRows(op, rows)
    case .accumulate:
      try checkScratch(op, elements: 0)
      if !op.a.isNone { try readRows(op, .a, rows) }
      try readRows(op, .b, rows)
      if !op.c.isNone { try readRows(op, .c, rows) }
      try writeRows(op, rows)
    case .haltAuthors, .haltTight:
      try checkScratch(op, elements: 0)
      try readRows(op, .a, rows)
      try writeRows(op, rows)
      // The run may end here.
      try checkResultWritten()
    case .mean:
      try checkScratch(op, elements: 0)
      try readRows(op, .a, inner)
      try write(op.output, .output, elements: Int(op.columns))
    }
  }

  /// What the most demanding of the op's kernels needs.
  private func attentionScratch(_ op: PlanOp, keys: Int) -> Int {
    kernels[number].map { $0.attentionScratch(keys: keys, depth: Int(op.depth)) }.max() ?? 0
  }

  func violation(_ rule: PlanRule, _ role: OperandRole, expected: Int, found: Int) -> PlanFormatError {
    .violated(
      PlanViolation(
        rule, .operand(op: number, role), length: length, expected: UInt64(clamping: expected),
        found: UInt64(clamping: found)))
  }
}
