/// Rules about one op by itself.
extension PlanValidator {
  /// Sizes are ints in BLAS; below this, sums and products of a few of them fit 64 bits.
  static let maximumSize = 1 << 31

  static func checkOpLayer(_ number: Int, _ plan: Plan) throws(PlanFormatError) {
    let limit = plan.schedule.layerCount + 1
    let layer = Int(plan.ops[number].layer)
    try require(layer <= limit, .opLayer, .op(number), expected: limit, found: layer)
  }

  static func checkConditionLayer(_ number: Int, _ plan: Plan) throws(PlanFormatError) {
    let op = plan.ops[number]
    let layer = Int(op.layer)
    let holds = op.condition == .always || (layer >= 1 && layer <= plan.schedule.layerCount)
    try require(holds, .conditionLayer, .op(number), expected: plan.schedule.layerCount, found: layer)
  }

  /// Symbols name layers of the model; the token scores are square, and a position is embedded for an input token.
  static func checkRowSymbols(_ number: Int, _ plan: Plan) throws(PlanFormatError) {
    let op = plan.ops[number]
    for symbol in [op.rows, op.innerRows] {
      let layer = symbol.layer ?? 0
      try require(
        layer <= plan.schedule.layerCount, .rowSymbol, .op(number), expected: plan.schedule.layerCount,
        found: layer)
    }
    if op.kind.isAnswer {
      try require(
        op.rows == .one, .rowSymbol, .op(number), expected: Int(RowCount.one.rawValue),
        found: Int(op.rows.rawValue))
    }
    if op.kind.givesScores {
      try require(
        op.rows == op.innerRows, .rowSymbol, .op(number), expected: Int(op.innerRows.rawValue),
        found: Int(op.rows.rawValue))
    }
  }

  static func checkOperandPresence(_ number: Int, _ plan: Plan) throws(PlanFormatError) {
    let op = plan.ops[number]
    let signature = OpSignature(op.kind)
    for role in OperandRole.allCases {
      let isThere = !op.operand(role).isNone || !op.weight(role).isNone
      try require(
        isThere ? signature.allows(role) : !signature.requires(role), .operandPresence,
        .operand(op: number, role), expected: isThere ? 0 : 1, found: isThere ? 1 : 0)
    }
    // Operands that mean something only beside another one.
    func together(_ role: OperandRole, with other: OperandRole) throws(PlanFormatError) {
      let isThere = !op.operand(role).isNone || !op.weight(role).isNone
      let otherIsThere = !op.operand(other).isNone || !op.weight(other).isNone
      try require(
        !isThere || otherIsThere, .operandPresence, .operand(op: number, role), expected: 0, found: 1)
    }
    switch op.kind {
    case .embed:
      try together(.gamma, with: .beta)
      try together(.beta, with: .gamma)
    case .layerNorm: try together(.index, with: .b)
    case .encode: try together(.gamma, with: .output2)
    case .attention, .attentionScores, .attentionScored: try together(.origin, with: .bias)
    case .accumulate:
      for role in [OperandRole.c, .bias] {
        try together(role, with: .weight)
        try together(.weight, with: role)
      }
    default: break
    }
  }

  /// Rules `slotExists`, `slotElement` and `indexOffset`.
  static func checkSlotOperands(_ number: Int, _ plan: Plan) throws(PlanFormatError) {
    let op = plan.ops[number]
    for role in OperandRole.slotRoles {
      let operand = op.operand(role)
      guard !operand.isNone else { continue }
      let place = PlanPlace.operand(op: number, role)
      try require(
        Int(operand.slot) < plan.arena.slots.count, .slotExists, place, expected: plan.arena.slots.count - 1,
        found: Int(operand.slot))
      let isNumbers = role == .index || role == .origin || (role == .output && op.kind.writesRowNumbers)
      let expected = isNumbers ? .u32 : plan.activationElement(of: op, role)
      let found = plan.arena.slots[Int(operand.slot)].element
      try require(
        found == expected, .slotElement, place, expected: Int(expected.rawValue), found: Int(found.rawValue))
      if isNumbers {
        try require(operand.offset == 0, .indexOffset, place, expected: 0, found: Int(operand.offset))
      }
    }
  }

  /// Rules `attentionWidth` and `attentionReach`: columns, heads, depth and reach that the op's kind reads.
  static func checkWidths(_ number: Int, _ plan: Plan) throws(PlanFormatError) {
    let op = plan.ops[number]
    func atLeastOne(_ size: Int) throws(PlanFormatError) {
      try require(size >= 1 && size < maximumSize, .attentionWidth, .op(number), expected: 1, found: size)
    }
    switch op.kind {
    case .attention, .attentionScores, .attentionScored, .attentionContext:
      try atLeastOne(Int(op.heads))
      try atLeastOne(Int(op.depth))
      try atLeastOne(Int(op.heads) * Int(op.depth))
    case .select, .selectAbove: try atLeastOne(Int(op.heads))
    case .gemm:
      try atLeastOne(Int(op.columns))
      try atLeastOne(Int(op.depth))
    case .accumulate:
      try atLeastOne(Int(op.columns))
      if !op.weight.isNone { try atLeastOne(Int(op.depth)) }
    case .iota, .compose: break
    default: try atLeastOne(Int(op.columns))
    }
    if op.kind.isAttention, !op.bias.isNone {
      try require(
        op.extent >= 1 && Int(op.extent) < maximumSize / 2, .attentionReach, .op(number), expected: 1,
        found: Int(op.extent))
    }
  }

  static func checkPanels(_ number: Int, _ plan: Plan) throws(PlanFormatError) {
    let op = plan.ops[number]
    try require(op.parts >= 1, .panels, .op(number), expected: 1, found: 0)
    guard op.kind == .gemm else { return }
    if plan.weightLayout(of: op) != .rowMajor {
      let panels = WeightLayout.panels(columns: Int(op.columns))
      return try require(
        Int(op.parts) <= panels, .panels, .op(number), expected: Int(op.parts), found: panels)
    }
    // Where the last panel starts must be a column.
    let width = GemmPartition.width(columns: Int(op.columns), parts: Int(op.parts))
    let last = (Int(op.parts) - 1) * width
    try require(last < Int(op.columns), .panels, .op(number), expected: last + 1, found: Int(op.columns))
  }

  static func checkEpsilon(_ number: Int, _ plan: Plan) throws(PlanFormatError) {
    let op = plan.ops[number]
    let holds = op.epsilon.isFinite && op.epsilon >= 0 && op.scale.isFinite
    try require(holds, .epsilon, .op(number), expected: 0, found: Int(op.epsilon.bitPattern))
  }

  /// A leading dimension covers a row, so that rows do not overlap and BLAS accepts it. A single row of a row-wise op
  /// has none.
  static func checkLeadingDimensions(_ number: Int, _ plan: Plan) throws(PlanFormatError) {
    let op = plan.ops[number]
    let isSingle = op.rows == .one && op.index.isNone && op.kind != .gemm && !op.kind.isAttention
    for role in [OperandRole.a, .b, .c, .output] {
      let operand = op.operand(role)
      guard !operand.isNone, let width = plan.rowWidth(of: op, role) else { continue }
      let place = PlanPlace.operand(op: number, role)
      try require(
        Int(operand.leading) < maximumSize, .leadingDimension, place, expected: width,
        found: Int(operand.leading))
      if isSingle && !(op.kind == .mean && role == .a) { continue }
      try require(
        Int(operand.leading) >= width, .leadingDimension, place, expected: width, found: Int(operand.leading))
    }
  }

  static func checkInPlace(_ number: Int, _ plan: Plan) throws(PlanFormatError) {
    let op = plan.ops[number]
    for written in [OperandRole.output, .output2, .scratch] where !op.operand(written).isNone {
      for other in OperandRole.slotRoles where other != written && !op.operand(other).isNone {
        guard op.operand(other).slot == op.operand(written).slot else { continue }
        let sameView = op.operand(other) == op.operand(written)
        let allowed =
          op.kind.allowsInPlace && sameView
          && ((written == .output && other == .a) || (written == .a && other == .output))
        try require(
          allowed, .inPlace, .operand(op: number, written), expected: 0xFFFF,
          found: Int(op.operand(other).slot))
      }
    }
  }

  /// Rules `weightExists`, `weightElement`, and `operandPresence` of what a product's layout asks for beside it: i8
  /// codes come with a scale a row.
  static func checkWeightOperands(_ number: Int, _ plan: Plan) throws(PlanFormatError) {
    let op = plan.ops[number]
    for role in OperandRole.weightRoles where !op.weight(role).isNone {
      let entry = Int(op.weight(role).rawValue)
      let place = PlanPlace.operand(op: number, role)
      try require(
        entry < plan.weights.entries.count, .weightExists, place, expected: plan.weights.entries.count - 1,
        found: entry)
      let isPacked = plan.weights.entries[entry].layout != .rowMajor
      let found = plan.weights.entries[entry].element
      try require(
        isPacked ? op.kind == .gemm && role == .weight : found == .f32, .weightElement, place,
        expected: Int(ElementType.f32.rawValue), found: Int(found.rawValue))
    }
    if op.kind == .gemm {
      let needsScales = plan.weightLayout(of: op) == .panelI8
      try require(
        op.b.isNone != needsScales, .operandPresence, .operand(op: number, .b), expected: needsScales ? 1 : 0,
        found: op.b.isNone ? 0 : 1)
    }
  }
}

extension Plan {
  /// The layout of the op's `weight`; row-major for an op without one.
  /// - Precondition: the weight's entry exists.
  public func weightLayout(of op: PlanOp) -> WeightLayout {
    op.weight.isNone ? .rowMajor : weights.entries[Int(op.weight.rawValue)].layout
  }

  /// The element of an operand that holds no row numbers.
  func activationElement(of op: PlanOp, _ role: OperandRole) -> ElementType {
    switch (op.kind, role) {
    case (.gemm, .a): weightLayout(of: op).activation
    case (.encode, .output): op.encodedElement
    default: .f32
    }
  }

  /// Elements of one row of the operand in `role`; nil where the driver takes no leading dimension. Encoded rows are
  /// filled up to their element's group.
  func rowWidth(of op: PlanOp, _ role: OperandRole) -> Int? {
    func filled(_ width: UInt32) -> Int {
      let group = activationElement(of: op, role).group
      return (Int(width) + group - 1) / group * group
    }
    switch (op.kind, role) {
    case (.attentionScores, .output), (_, .output2), (.attentionContext, .b), (.select, .a),
      (.selectAbove, .a), (.mean, .output), (.gemm, .b):
      return nil
    // What is left stands behind the answers.
    case (.accumulate, .a), (.accumulate, .output), (.haltAuthors, .a), (.haltTight, .a):
      return Int(op.columns) + 1
    case (.accumulate, .c): return Int(op.depth)
    case (.haltAuthors, .output), (.haltTight, .output): return 1
    case (.gemm, .a): return filled(op.depth)
    case (.encode, .output): return filled(op.columns)
    case (.attention, _), (.attentionScores, _), (.attentionScored, _), (.attentionContext, _):
      return Int(op.heads) * Int(op.depth)
    case (_, .output) where op.kind.writesRowNumbers: return nil
    case (_, .a), (_, .b), (_, .c), (_, .output): return Int(op.columns)
    default: return nil
    }
  }
}
