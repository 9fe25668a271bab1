/// Rules about one op by itself. What an op must be is its kind's `OpDefinition`.
extension PlanValidator {
  /// BLAS takes sizes as 32-bit integers. Sums and products of a few sizes below this also fit 64 bits.
  static let maximumSize = 1 << 31

  static func checkOpLayer(_ number: Int, _ plan: Plan) throws(PlanFormatError) {
    let limit = plan.schedule.layerCount + 1
    let layer = Int(plan.ops[number].layer)
    try require(layer <= limit, .opLayer, .op(number), expected: limit, found: layer)
  }

  static func checkCondition(_ number: Int, _ plan: Plan) throws(PlanFormatError) {
    let op = plan.ops[number]
    let layer = Int(op.layer)
    guard op.condition != .always else { return }
    let holds = layer >= 1 && layer <= plan.schedule.layerCount && !op.kind.definition.decides
    try require(holds, .opCondition, .op(number), expected: plan.schedule.layerCount, found: layer)
  }

  /// Symbols name layers of the model and follow the kind's `RowRule`.
  static func checkRowSymbols(_ number: Int, _ plan: Plan) throws(PlanFormatError) {
    let op = plan.ops[number]
    for symbol in [op.rows, op.innerRows] {
      let layer = symbol.layer ?? 0
      try require(
        layer <= plan.schedule.layerCount, .rowSymbol, .op(number), expected: plan.schedule.layerCount,
        found: layer)
    }
    let expected: RowCount =
      switch op.kind.definition.rowRule {
      case .any: op.rows
      case .one: .one
      case .square: op.innerRows
      }
    try require(
      op.rows == expected, .rowSymbol, .op(number), expected: Int(expected.rawValue),
      found: Int(op.rows.rawValue))
  }

  static func checkOperandPresence(_ number: Int, _ plan: Plan) throws(PlanFormatError) {
    let op = plan.ops[number]
    let definition = op.kind.definition
    for role in OperandRole.allCases where role != .scratch {
      let operand = definition.operand(role)
      let isThere = op.has(role)
      let holds =
        isThere ? operand.map { $0.needs.map(op.has) ?? true } ?? false : !(operand?.isRequired ?? false)
      try require(
        holds, .operandPresence, .operand(op: number, role), expected: isThere ? 0 : 1, found: isThere ? 1 : 0
      )
    }
  }

  /// Rules `slotExists`, `slotElement` and `indexOffset`.
  static func checkSlotOperands(_ number: Int, _ plan: Plan) throws(PlanFormatError) {
    let op = plan.ops[number]
    let definition = op.kind.definition
    for role in OperandRole.slotRoles {
      let operand = op.operand(role)
      guard !operand.isNone else { continue }
      let place = PlanPlace.operand(op: number, role)
      try require(
        Int(operand.slot) < plan.arena.slots.count, .slotExists, place, expected: plan.arena.slots.count - 1,
        found: Int(operand.slot))
      // Scratch, which the definition does not list, is f32.
      let content = definition.operand(role)?.content
      let expected = content.flatMap { plan.slotElement(of: op, $0) } ?? .f32
      let found = plan.arena.slots[Int(operand.slot)].element
      try require(
        found == expected, .slotElement, place, expected: Int(expected.rawValue), found: Int(found.rawValue))
      if content?.isRowNumbers ?? false {
        try require(operand.offset == 0, .indexOffset, place, expected: 0, found: Int(operand.offset))
      }
    }
  }

  /// Rules `opSize` and `relativeBiasReach`.
  static func checkSizes(_ number: Int, _ plan: Plan) throws(PlanFormatError) {
    let op = plan.ops[number]
    let definition = op.kind.definition
    func atLeastOne(_ size: Int) throws(PlanFormatError) {
      try require(size >= 1 && size < maximumSize, .opSize, .op(number), expected: 1, found: size)
    }
    if definition.sizes.contains(.columns) { try atLeastOne(Int(op.columns)) }
    if definition.sizes.contains(.heads) { try atLeastOne(Int(op.heads)) }
    if definition.sizes.contains(.depth), definition.operand(.weight) == nil || !op.weight.isNone {
      try atLeastOne(Int(op.depth))
    }
    if definition.sizes == [.heads, .depth] { try atLeastOne(Int(op.heads) * Int(op.depth)) }
    if definition.limitsPositions(of: op) {
      try require(
        op.extent >= 1 && Int(op.extent) < maximumSize / 2, .relativeBiasReach, .op(number), expected: 1,
        found: Int(op.extent))
    }
  }

  static func checkParts(_ number: Int, _ plan: Plan) throws(PlanFormatError) {
    let op = plan.ops[number]
    try require(op.parts >= 1, .parts, .op(number), expected: 1, found: 0)
    guard op.kind.definition.tasks == .parts else { return }
    if plan.weightLayout(of: op) != .rowMajor {
      let panels = WeightLayout.panels(columns: Int(op.columns))
      return try require(
        Int(op.parts) <= panels, .parts, .op(number), expected: Int(op.parts), found: panels)
    }
    // The last part must start at a column.
    let width = GemmPartition.width(columns: Int(op.columns), parts: Int(op.parts))
    let last = (Int(op.parts) - 1) * width
    try require(last < Int(op.columns), .parts, .op(number), expected: last + 1, found: Int(op.columns))
  }

  static func checkConstants(_ number: Int, _ plan: Plan) throws(PlanFormatError) {
    let op = plan.ops[number]
    let holds = op.epsilon.isFinite && op.epsilon >= 0 && op.scale.isFinite
    try require(holds, .constants, .op(number), expected: 0, found: Int(op.epsilon.bitPattern))
  }

  /// A leading dimension is at least a row's width, so that rows do not overlap. A single row needs none, except where
  /// BLAS or attention checks it. Of planes it is whole groups, and so is the offset: where they are kept as f32, these
  /// are at whole elements.
  static func checkLeadingDimensions(_ number: Int, _ plan: Plan) throws(PlanFormatError) {
    let op = plan.ops[number]
    let isSingle =
      op.rows == .one && op.index.isNone && op.kind.family != .products && op.kind.family != .attention
    for definition in op.kind.definition.operands {
      let operand = op.operand(definition.role)
      guard !operand.isNone, case .rows(let span, _, _) = definition.content,
        let width = plan.rowWidth(of: op, definition.content)
      else { continue }
      let place = PlanPlace.operand(op: number, definition.role)
      try require(
        Int(operand.leading) < maximumSize, .leadingDimension, place, expected: width,
        found: Int(operand.leading))
      if let element = plan.slotElement(of: op, definition.content), element.planes > 1 {
        for size in [Int(operand.leading), Int(operand.offset)] {
          try require(
            size % element.group == 0, .leadingDimension, place, expected: size + 1, found: size)
        }
      }
      if isSingle && span != .inner { continue }
      try require(
        Int(operand.leading) >= width, .leadingDimension, place, expected: width, found: Int(operand.leading))
    }
  }

  static func checkInPlace(_ number: Int, _ plan: Plan) throws(PlanFormatError) {
    let op = plan.ops[number]
    let definition = op.kind.definition
    for written in definition.operands.filter(\.isWritten).map(\.role) + [.scratch]
    where !op.operand(written).isNone {
      for other in OperandRole.slotRoles where other != written && !op.operand(other).isNone {
        guard op.operand(other).slot == op.operand(written).slot else { continue }
        let sameView = op.operand(other) == op.operand(written)
        try require(
          sameView && other == .a && definition.allowsInPlace(written), .inPlace,
          .operand(op: number, written), expected: 0xFFFF, found: Int(op.operand(other).slot))
      }
    }
  }

  /// Rules `weightExists`, `weightElement`, and the part of `operandPresence` that depends on a product's layout: int8
  /// codes come with a scale and a zero for every row.
  static func checkWeightOperands(_ number: Int, _ plan: Plan) throws(PlanFormatError) {
    let op = plan.ops[number]
    let definition = op.kind.definition
    for role in OperandRole.weightRoles where !op.weight(role).isNone {
      let entry = Int(op.weight(role).rawValue)
      let place = PlanPlace.operand(op: number, role)
      try require(
        entry < plan.weights.entries.count, .weightExists, place, expected: plan.weights.entries.count - 1,
        found: entry)
      let isPacked = plan.weights.entries[entry].layout != .rowMajor
      let found = plan.weights.entries[entry].element
      try require(
        isPacked ? definition.operand(role)?.content == .tensor(.matrix) : found == .f32, .weightElement,
        place,
        expected: Int(ElementType.f32.rawValue), found: Int(found.rawValue))
    }
    if case .pairs(.indexed)? = definition.operand(.b)?.content {
      let needsScales = plan.weightLayout(of: op).activation == .i8
      try require(
        op.b.isNone != needsScales, .operandPresence, .operand(op: number, .b), expected: needsScales ? 1 : 0,
        found: op.b.isNone ? 0 : 1)
    }
  }

  /// Rule `operandShape`: a weight has the shape that the op reads.
  static func checkOperandShapes(_ number: Int, _ plan: Plan) throws(PlanFormatError) {
    let op = plan.ops[number]
    for operand in op.kind.definition.operands {
      guard case .tensor(let shape) = operand.content, !op.weight(operand.role).isNone else { continue }
      let place = PlanPlace.operand(op: number, operand.role)
      let found = plan.weights.entries[Int(op.weight(operand.role).rawValue)].shape.map(Int.init)
      let (columns, depth) = (Int(op.columns), Int(op.depth))
      // Of a table the first size is the least.
      let (expected, isTable): ([Int], Bool) =
        switch shape {
        case .one: ([1], false)
        case .columns: ([columns], false)
        case .matrix: ([columns, depth], false)
        case .row: ([1, depth], false)
        case .distances: ([Int(op.heads), 2 * Int(op.extent) - 1], false)
        case .distanceRows: ([2 * Int(op.extent) - 1, Int(op.heads) * depth], false)
        case .angles: ([Int(op.extent), Int(op.depth)], false)
        case .words: ([Int(plan.model.vocabulary), columns], true)
        case .positions: ([Int(op.extent) + plan.schedule.maximumLength, columns], true)
        case .types: ([max(Int(plan.model.tokenTypes), 1), columns], true)
        }
      try require(
        found.count == expected.count, .operandShape, place, expected: expected.count, found: found.count)
      for (dimension, (have, want)) in zip(found, expected).enumerated() {
        try require(
          have == want || isTable && dimension == 0 && have > want, .operandShape, place, expected: want,
          found: have)
      }
    }
  }
}
