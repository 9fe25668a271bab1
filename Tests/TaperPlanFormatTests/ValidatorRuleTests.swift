import TaperPlanFormat
import Testing

/// Every rule is broken alone, by a change to a plan that is valid without it.
@Suite struct ValidatorRuleTests {
  typealias Change = (inout Plan) -> Void

  @Test func seededPlansAreValid() throws {
    for seed in 0..<400 {
      let plan = ToyPlan.make(seed: seed).plan
      #expect(failure { try PlanValidator.validate(plan) } == nil, "seed \(seed)")
    }
  }

  @Test(arguments: PlanRule.allCases)
  func breakingOneRuleIsFound(_ rule: PlanRule) throws {
    var options = ToyPlan.Options()
    if Breakage.ofDynamicPlans.contains(rule) { (options.reducing, options.dynamic) = ([], [1, 2]) }
    if Breakage.ofHaltingPlans.contains(rule) { (options.layers, options.halts) = (3, true) }
    var plan = ToyPlan.make(options).plan
    try PlanValidator.validate(plan)
    Breakage.change(for: rule)(&plan)
    guard case .violated(let violation)? = failure({ try PlanValidator.validate(plan) }) else {
      Issue.record("\(rule): the change was not refused")
      return
    }
    #expect(violation.rule == rule, "\(violation.description)")
    #expect(violation.description.contains(rule.meaning))
  }

  private static func packed(_ layout: WeightLayout) throws -> Plan {
    var options = ToyPlan.Options()
    options.layout = layout
    options.scored = true
    let plan = ToyPlan.make(options).plan
    try PlanValidator.validate(plan)
    return plan
  }

  /// What packed products ask for beyond what every plan's ops do.
  @Test(arguments: [WeightLayout.panelF32, .panelBF16, .panelI8])
  func packedProductsAreHeldToTheirLayout(_ layout: WeightLayout) throws {
    let valid = try Self.packed(layout)
    let product = valid.ops.firstIndex { $0.kind == .gemm }!
    let weight = Int(valid.ops[product].weight.rawValue)
    let rule = BrokenRule(valid)
    #expect(rule { $0.weights.entries[weight].byteCount = Bytes(64) } == .weightSize)
    #expect(rule { $0.weights.entries[weight].shape = [1, 1, 1] } == .weightLayout)
    #expect(rule { $0.weights.entries[weight].element = .u32 } == .weightLayout)
    #expect(rule { $0.ops[product].parts = 3 } == .parts)
    #expect(
      rule { $0.ops[product].b = $0.ops[product].b.isNone ? $0.ops[product].output : .none }
        == .operandPresence)
    // A packed tensor is a product's weight and nothing else.
    let norm = valid.ops.firstIndex { $0.kind == .layerNorm }!
    #expect(rule { $0.ops[norm].gamma = $0.ops[product].weight } == .weightElement)
    let scored = valid.ops.firstIndex { $0.kind == .attentionScored }!
    #expect(
      rule { $0.ops[scored].rows = $0.ops[scored].layer == 1 ? .tokens(after: 1) : .input } == .rowSymbol)
    #expect(rule { $0.ops[scored].scratchStride = 3 } == .scratchSize)
    // In bf16 it needs more, or less.
    let scores = valid.selections.firstIndex { Int($0.op) == scored }!
    let (keys, depth) = (valid.schedule.maximumLength, Int(valid.ops[scored].depth))
    let rounded = KernelID.attentionScoredBF16.scratch(rows: 0, innerRows: keys, depth: depth)
    #expect(
      rule {
        $0.selections[scores].kernel = .attentionScoredBF16
        $0.ops[scored].scratchStride = UInt32(rounded - 1)
      } == .scratchSize)
  }

  /// What products in low precision ask of the op that encodes their input.
  @Test(arguments: [WeightLayout.panelBF16, .panelI8])
  func encodingsAreHeldToTheirProducts(_ layout: WeightLayout) throws {
    let valid = try Self.packed(layout)
    let rule = BrokenRule(valid)
    let encode = try #require(valid.ops.firstIndex { $0.kind == .encode })
    let product = try #require(valid.ops.firstIndex { $0.kind == .gemm })
    #expect(rule { $0.ops[product].a = $0.ops[encode].a } == .slotElement)
    #expect(rule { $0.ops[encode].output = $0.ops[encode].a } == .slotElement)
    #expect(rule { $0.ops[encode].output.leading -= 1 } == .leadingDimension)
    let other: KernelID = layout == .panelI8 ? .encodeBF16 : .encodeI8
    let selection = valid.selections.firstIndex { Int($0.op) == encode }!
    #expect(rule { $0.selections[selection].kernel = other } == .kernelFitsOperands)
    #expect(rule { $0.ops[encode].condition = .ifReduced } == .readAfterWrite)
  }

  /// Reads that are right at the schedule's counts and wrong when a selection leaves fewer rows.
  @Test func whatReadsRowsOfBeforeASelectionIsFound() throws {
    var options = ToyPlan.Options()
    (options.layers, options.reducing, options.dynamic) = (2, [], [1])
    var valid = ToyPlan.make(options).plan
    var skewed = valid
    skewed.ops[skewed.ops.lastIndex { $0.kind == .gather }!].a.leading += 1
    let error = failure { try PlanValidator.validate(skewed) }
    guard case .violated(let violation)? = error, violation.rule == .dynamicLeading else {
      Issue.record("two leading dimensions of one slot: \(error as Any)")
      return
    }
    // Ceilings that drop nothing: T(0) = T(1) = T(2) in the schedule.
    valid.schedule = .dense(maximumLength: options.maximumLength, layerCount: 2)
    valid.schedule.restoresDroppedTokens = options.restores
    ToyPlan.layOut(&valid)
    try PlanValidator.validate(valid)
    for number in valid.ops.indices where valid.ops[number].layer == 2 && valid.ops[number].kind == .gemm {
      var plan = valid
      plan.ops[number].rows = .input
      guard case .violated(let violation)? = failure({ try PlanValidator.validate(plan) }) else {
        Issue.record("op \(number) reads rows that are not there")
        continue
      }
      #expect(violation.rule == .readAfterWrite && violation.length == 2, "\(violation.description)")
    }
  }

  /// What halting ops demand of each other, beside what the rules demand of every op.
  @Test func haltingOpsOutOfPlace() throws {
    var options = ToyPlan.Options()
    (options.layers, options.halts) = (3, true)
    let valid = ToyPlan.make(options).plan
    try PlanValidator.validate(valid)
    let rule = BrokenRule(valid)
    let tests = valid.ops.indices.filter { valid.ops[$0].kind == .haltTight }
    let joins = valid.ops.indices.filter { valid.ops[$0].kind == .accumulate }
    #expect(tests.count == 2 && joins.count == 3)
    #expect(rule { $0.ops[tests[1]].kind = .haltAuthors } == .haltingPlace, "two rules in one plan")
    #expect(rule { $0.ops[tests[1]].layer = 1 } == .haltingPlace)
    #expect(rule { $0.ops[tests[1]].condition = .ifNotReduced } == .opCondition, "a test that may not run")
    #expect(rule { $0.ops[tests[0]].columns = 2 } == .haltingPlace, "a test of some answers only")
    #expect(rule { $0.ops[tests[0]].rows = .input } == .rowSymbol)
    #expect(rule { $0.ops[joins[0]].columns = 4 } == .operandInsideSlot, "an answer wider than the classes")
    #expect(rule { $0.ops[joins[0]].a = $0.ops[joins[0]].output } == .readAfterWrite)
    #expect(rule { $0.ops[joins[1]].a.offset = 1 } == .inPlace)
    #expect(rule { $0.ops[joins[1]].weight = .none } == .operandPresence)
    #expect(rule { $0.ops[joins[1]].depth += 1 } == .operandShape)
    #expect(rule { $0.ops[joins[1]].b = .none } == .operandPresence)
    #expect(rule { $0.halting?.layers = 2 } == .haltingPresence, "fewer layers than the schedule has")
    #expect(rule { $0.halting?.depthTimes[1] = .zero } == .haltingTable)
    #expect(rule { $0.halting?.depthTimes[2] = Nanoseconds(.max) } == .haltingTable)
    #expect(rule { $0.head.kind = .multiLabel } == .haltingPresence)
    // A test before there is an answer, each op served by its own kernel as before.
    let selected = [tests[0], joins[0]].map { op in valid.selections.firstIndex { Int($0.op) == op }! }
    #expect(
      rule {
        $0.ops.swapAt(tests[0], joins[0])
        let kernels = selected.map { valid.selections[$0].kernel }
        ($0.selections[selected[0]].kernel, $0.selections[selected[1]].kernel) = (kernels[1], kernels[0])
        ToyPlan.layOut(&$0)
      } == .readAfterWrite)
  }

  /// What would trap, or mean nothing, where plans are told or compared.
  @Test func whatReadersRelyOn() throws {
    let valid = ToyPlan.make().plan
    let rule = BrokenRule(valid)
    #expect(rule { $0.predictions = Predictions() } == nil)
    #expect(rule { $0.predictions.lengths = [] } == .predictionCount, "reference lengths without predictions")
    #expect(rule { $0.predictions.ops[0].high = Nanoseconds(1 << 63) } == .predictedTime)
    #expect(rule { $0.predictions.lengths[0].planned.high = Nanoseconds(.max) } == .predictedTime)
    #expect(rule { $0.arena.byteCount = Bytes(1 << 61) } == .slotInside)
    let labels = valid.head.labels
    try #require(labels.count > 1)
    #expect(rule { $0.head.labels[1] = labels[0] } == .labelCount)
  }

  @Test func aWalkFailsAtTheLengthThatIsWrong() throws {
    var plan = ToyPlan.make().plan
    let wide = plan.ops.firstIndex { $0.kind == .gemm && $0.activation == .gelu }!
    plan.ops[wide].condition = .ifReduced
    let error = failure { try PlanValidator.validate(plan) }
    guard case .violated(let violation)? = error else {
      Issue.record("not refused")
      return
    }
    #expect(violation.length == 1)
    #expect(violation.place == .operand(op: wide + 1, .a))
  }
}

/// The rule that a change to a valid plan breaks; nil when the validator accepts the changed plan.
private struct BrokenRule {
  let valid: Plan
  init(_ valid: Plan) { self.valid = valid }

  func callAsFunction(_ change: ValidatorRuleTests.Change) -> PlanRule? {
    var plan = valid
    change(&plan)
    guard case .violated(let violation)? = failure({ try PlanValidator.validate(plan) }) else { return nil }
    return violation.rule
  }
}

/// For each rule a change that breaks it and no rule before it.
enum Breakage {
  static let ofDynamicPlans: Set<PlanRule> = [
    .dynamicPlace, .dynamicCount, .dynamicLeading, .expectationCounts, .expectedTimes,
  ]

  static let ofHaltingPlans: Set<PlanRule> = [.haltingPresence, .haltingPlace, .haltingTable]

  static func change(for rule: PlanRule) -> ValidatorRuleTests.Change {
    switch rule {
    case .maximumLength: { $0.schedule.maximumLength = 0 }
    case .layerCount: { $0.schedule.layerCount = 3 }
    case .keepCountsComplete: { $0.schedule.keepCounts.removeLast() }
    case .keepCountsStart: { $0.schedule.keepCounts[0] = 2 }
    case .keepCountsFall:
      { plan in
        let last = plan.schedule.keepCounts.count - 1
        plan.schedule.keepCounts[last] = plan.schedule.keepCounts[last - 1] + 1
      }
    case .modelDimensions: { $0.model.heads = 3 }
    case .threadCount: { $0.identity.threads = 0 }
    case .opCount: { $0.ops = [] }
    case .slotCount: { $0.arena.slots = [] }
    case .validationWork:
      { plan in
        plan.schedule.maximumLength = 65_534
        plan.ops = Array(repeatElement(plan.ops[0], count: 300))
      }
    case .dynamicPlace: { $0.ops[first($0, .selectAbove)].innerRows = .tokens(after: 1) }
    case .dynamicCount: { $0.ops[last($0, .selectAbove)] = $0.ops[first($0, .selectAbove)] }
    case .dynamicLeading: { $0.ops[first($0, .selectAbove)].a.leading = 2 }
    case .haltingPresence: { $0.halting = nil }
    case .haltingPlace: { $0.ops[first($0, .haltTight)].extent = 7 }
    case .haltingTable: { $0.halting?.depthTimes.removeLast() }
    case .outputWidth: { $0.head.outputWidth = 0 }
    case .labelCount: { $0.head.labels.append("more") }
    case .tokenHead: { $0.head.pooling = .tokens }
    case .canaryLength: { $0.canaries[0].ids = [] }
    case .canaryIDs: { $0.canaries[0].ids[0] = 11 }
    case .canaryTypeIDs: { $0.canaries[0].typeIDs = [0] }
    case .canaryOutputs: { $0.canaries[0].expected.append(0) }
    case .predictionCount: { $0.predictions.lengths.removeLast() }
    case .referenceLengths: { $0.predictions.referenceLengths = [2, 2] }
    case .opPredictionCount: { $0.predictions.ops.removeLast() }
    case .predictionInterval:
      { $0.predictions.ops[3].low = Nanoseconds($0.predictions.ops[3].time.rawValue + 1) }
    case .predictedTime: { $0.predictions.lengths[0].denseTime = Nanoseconds(1 << 48) }
    case .expectationCounts: { $0.expectations?.keptTokens.append(1) }
    case .expectedTimes: { $0.expectations?.lengths[3].p90 = Nanoseconds(4001) }
    case .accuracyEvidence:
      {
        $0.evidence = AccuracyEvidence(
          metric: .accuracy, source: .heldOut, texts: 9, planned: 0.9, interval: .init(low: 0.95, high: 1))
      }
    case .promptNames: { $0.prompts = Prompts([.init(name: "a", text: "x"), .init(name: "a", text: "y")]) }
    case .lateInteraction: { $0.interaction = LateInteraction() }
    case .promptLeftOut: { $0.leavesPromptOut = true }
    case .weightShape: { $0.weights.entries[0].shape = [] }
    case .weightLayout: { $0.weights.entries[0].layout = .panelBF16 }
    case .weightSize: { $0.weights.entries[0].byteCount = Bytes(4) }
    case .weightAlignment: { $0.weights.entries[1].offset = $0.weights.entries[1].offset + Bytes(4) }
    case .weightOrder: { $0.weights.entries[1].offset = $0.weights.entries[0].offset }
    case .weightInside: { $0.weights.byteCount = Bytes(64) }
    case .parts, .constants, .opSize, .relativeBiasReach, .opLayer, .opCondition, .rowSymbol,
      .operandPresence, .slotExists, .slotElement, .indexOffset, .weightExists, .weightElement, .operandShape,
      .leadingDimension, .inPlace:
      opChange(for: rule)
    case .selectionOrder: { $0.selections.swapAt(0, 1) }
    case .selectionComplete: { $0.selections.removeLast() }
    case .kernelKnown: { $0.selections[0].kernel = KernelID(rawValue: 999) }
    case .kernelFitsOp: { $0.selections[0].kernel = .addF32 }
    case .kernelFitsOperands:
      { plan in
        let product = first(plan, .gemm)
        plan.selections[plan.selections.firstIndex { Int($0.op) == product }!].kernel = .gemmF32Panel
      }
    case .slotAlignment: { $0.arena.slots[1].offset = $0.arena.slots[1].offset + Bytes(4) }
    case .slotSize: { $0.arena.slots[0].byteCount = Bytes($0.arena.slots[0].byteCount.rawValue - 4) }
    case .slotInside: { $0.arena.byteCount = Bytes($0.arena.byteCount.rawValue - 4) }
    case .slotUsed:
      {
        $0.arena.slots.append(
          ArenaSlot(name: "idle", element: .f32, rows: .one, columns: 1, offset: .zero, byteCount: Bytes(4)))
      }
    case .slotLifetime: { $0.arena.slots[0].lastOp += 1 }
    case .slotOverlap: { $0.arena.slots[1].offset = $0.arena.slots[0].offset }
    case .operandInsideSlot, .readAfterWrite, .rowsAvailable, .indexInRange, .originReach, .scratchSize,
      .scratchCopies, .resultSlot:
      walkChange(for: rule)
    }
  }

  private static func opChange(for rule: PlanRule) -> ValidatorRuleTests.Change {
    switch rule {
    case .opLayer: { $0.ops[0].layer = 9 }
    case .opCondition: { $0.ops[0].condition = .ifReduced }
    case .rowSymbol: { $0.ops[0].rows = .tokens(after: 7) }
    case .operandPresence: { $0.ops[first($0, .gemm)].c = $0.ops[first($0, .gemm)].a }
    case .slotExists: { $0.ops[first($0, .gemm)].a.slot = 200 }
    case .slotElement: { $0.arena.slots[0].element = .u32 }
    case .indexOffset: { $0.ops[first($0, .select)].output.offset = 1 }
    case .weightExists: { $0.ops[first($0, .gemm)].weight = WeightReference(rawValue: 500) }
    case .weightElement:
      { plan in
        let entry = Int(plan.ops[first(plan, .gemm)].weight.rawValue)
        plan.weights.entries[entry].element = .bf16
        plan.weights.entries[entry].byteCount = Bytes(plan.weights.entries[entry].byteCount.rawValue / 2)
      }
    case .operandShape:
      { plan in
        let entry = Int(plan.ops[first(plan, .gemm)].weight.rawValue)
        plan.weights.entries[entry].shape.reverse()
      }
    case .leadingDimension: { $0.ops[first($0, .gemm)].output.leading -= 1 }
    case .opSize: { $0.ops[first($0, .attention)].heads = 0 }
    case .relativeBiasReach: { $0.ops[first($0, .attention)].extent = 0 }
    case .parts: { $0.ops[first($0, .gemm)].parts = 40 }
    case .constants: { $0.ops[first($0, .layerNorm)].epsilon = -1 }
    default: { $0.ops[last($0, .mean)].output = $0.ops[last($0, .mean)].a }
    }
  }

  private static func walkChange(for rule: PlanRule) -> ValidatorRuleTests.Change {
    switch rule {
    case .operandInsideSlot: { $0.ops[first($0, .softmax)].output.offset = 1 }
    case .readAfterWrite: { $0.ops[first($0, .attention)].condition = .ifReduced }
    case .rowsAvailable: { $0.ops[last($0, .select)].rows = .input }
    case .indexInRange:
      { plan in
        plan.ops[last(plan, .attentionContext)].index = plan.ops[first(plan, .select)].output
        ToyPlan.layOut(&plan)
      }
    case .originReach:
      { plan in
        for op in plan.ops.indices where !plan.ops[op].origin.isNone && !plan.ops[op].bias.isNone {
          plan.ops[op].extent -= 1
          let entry = Int(plan.ops[op].bias.rawValue)
          plan.weights.entries[entry].shape[1] = 2 * plan.ops[op].extent - 1
          plan.weights.entries[entry].byteCount = Bytes(
            UInt64(plan.weights.entries[entry].shape.reduce(4, *)))
        }
      }
    case .scratchSize: { $0.ops[first($0, .attention)].scratchStride = 3 }
    case .scratchCopies: { $0.arena.slots[Int($0.ops[first($0, .attention)].scratch.slot)].copies = 1 }
    default: { $0.arena.slots[Int($0.resultSlot)].lastOp = UInt32($0.ops.count - 1) }
    }
  }

  private static func first(_ plan: Plan, _ kind: OpKind) -> Int { plan.ops.firstIndex { $0.kind == kind }! }
  private static func last(_ plan: Plan, _ kind: OpKind) -> Int { plan.ops.lastIndex { $0.kind == kind }! }
}
