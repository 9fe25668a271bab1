import TaperBase
import TaperCalibration
import TaperModelSpec
package import TaperPlanFormat

/// Planning without weights: from a request and a model's facts to the plan, its weight recipes not yet streamed.
///
/// 1. Graphs: dense, and one in which every layer may drop tokens; passes over both.
/// 2. Schedule: the retention family (with tile rounding) searched against the target.
/// 3. The final graph, with elimination only in layers that drop tokens at some length; passes; scratch; emission.
/// 4. Kernel selections, predictions; then the validator, whose arena verifier knows nothing of the arena planner.
package struct PlanAssembler {
  let request: PlanningRequest
  let inputs: PlanningInputs
  /// The encoder as far as it is planned.
  private let facts: EncoderFacts
  /// Prices with as much of the weights in caches as stays there when runs of so many layers follow each other.
  let pricer: OpPricer

  package init(_ request: PlanningRequest, _ inputs: PlanningInputs) {
    self.init(request, inputs, inputs.facts)
  }

  private init(_ request: PlanningRequest, _ inputs: PlanningInputs, _ facts: EncoderFacts) {
    self.request = request
    self.inputs = inputs
    self.facts = facts
    pricer = OpPricer(
      inputs.costs.reading(facts.weightTraffic(request.precision)),
      selectingKernels: request.passes.contains(.kernelSelection), excluding: request.excludedKernels)
  }

  /// The same request for an encoder that ends after layer `depth`.
  private func cut(to depth: Int) -> PlanAssembler {
    PlanAssembler(request, inputs, facts.cut(to: depth))
  }

  /// Tokens that words are never dropped below: an answer from the tokenizer's own tokens alone would be the same for
  /// all texts of a length.
  package static let leastWords = 8

  /// A plan, with a weights digest of zero, where its weights come from, and how its ops were priced.
  package typealias Assembled = (plan: Plan, recipes: [WeightRecipe], pricing: RunPricing)

  package func assemble() throws(PlanningError) -> Assembled {
    do throws(PlanningError) {
      return try assembleFastest()
    } catch {
      // Weights in three planes take half as much again as in f32, whose products are as exact.
      guard case .memoryExceeded(let diagnostic) = error, diagnostic.part == .resident,
        inputs.costs.kernels(.gemm).contains(.gemmF32X6), !request.excludedKernels.contains(.gemmF32X6)
      else { throw error }
      var smaller = request
      smaller.excludedKernels.insert(.gemmF32X6)
      guard let plan = try? PlanAssembler(smaller, inputs).assembleFastest() else { throw error }
      return plan
    }
  }

  private func assembleFastest() throws(PlanningError) -> Assembled {
    try checkRequest()
    let ops = graph(reducing: [], halting: nil, restores: false, request.passes).pricedOps
    try requireKernels(ops)
    let dense = DenseReference(facts, ops: ops, maximumLength: request.maximumLength, pricer: pricer)
    let deepest = try depth(dense)
    // As few layers are given up as can be.
    for depth in (request.givesUpLayers ? 1...deepest : deepest...deepest).reversed() {
      do throws(PlanningError) {
        return try cut(to: depth).assemble(dense: dense)
      } catch {
        guard error.isInfeasible, depth > 1, request.givesUpLayers else { throw error }
      }
    }
    preconditionFailure("a depth of one layer gave neither a plan nor a reason")
  }

  private func assemble(dense: DenseReference) throws(PlanningError) -> Assembled {
    var passes = request.passes
    var schedule: Schedule
    do throws(PlanningError) {
      schedule = try self.schedule(dense: dense, passes)
    } catch {
      // Computing context for every row pays where about half are kept. A target that needs far fewer rows may be met
      // only without it.
      guard case .infeasible = error, passes.contains(.fuseAttentionScores) else { throw error }
      passes.disable(.fuseAttentionScores)
      schedule = try self.schedule(dense: dense, passes)
    }
    // A selector by threshold drops tokens whatever its ceiling.
    let reducingLayers =
      selection == .dynamic
      ? droppingLayers : Set(facts.layerNumbers.filter { schedule.reduces(layer: $0) })
    if facts.interaction?.hidesTokens == true, !reducingLayers.isEmpty { throw .hiddenTokensNotDropped }
    if facts.leavesPromptOut, !reducingLayers.isEmpty { throw .promptTokensNotDropped }
    let restores = restores && !reducingLayers.isEmpty
    schedule.restoresDroppedTokens = restores

    let finished = Scratch.run(
      graph(reducing: reducingLayers, halting: request.halting, restores: restores, passes),
      schedule: schedule,
      threads: request.threads, pricer: pricer)
    try requireKernels(finished.pricedOps)
    let emission = Emission(finished, schedule: schedule, sharing: request.passes.contains(.arenaPlanning))
    let predictions = PredictionTable.make(
      ops: emission.pricedOps, schedule: schedule, dense: dense, pricer: pricer,
      dropping: dropPoint)
    let expectations =
      selection == .dynamic
      ? inputs.selectors.map {
        ExpectationTable.make(
          ops: emission.pricedOps, schedule: schedule, statistics: $0, predictions: predictions,
          pricer: pricer)
      } : nil
    let plan = Plan(
      identity: identity(
        reduces: !reducingLayers.isEmpty, isCut: facts.layers < dense.layers, passes: passes),
      model: facts.shape, schedule: schedule,
      ops: emission.ops, selections: selections(emission.pricedOps), arena: emission.arena,
      resultSlot: emission.resultSlot, predictions: predictions, expectations: expectations,
      halting: request.halting.map { _ in
        Halting(
          layers: dense.layers,
          depthTimes: PredictionTable.depthTimes(ops: emission.pricedOps, schedule: schedule, pricer: pricer))
      },
      tokenizer: facts.tokenizer, head: head(), prompts: facts.prompts,
      leavesPromptOut: facts.leavesPromptOut, interaction: interaction,
      canaries: [],
      weights: WeightsLayout.index(emission.weights))
    check(plan)
    if let diagnostic = request.memory.exceeded(by: plan) { throw .memoryExceeded(diagnostic) }
    let pricing = RunPricing(
      ops: emission.pricedOps, costs: pricer.cost, passes: request.passes,
      excludedKernels: request.excludedKernels)
    return (plan, emission.weights, pricing)
  }

  /// An instrumented plan scores tokens, and so has none that are hidden from others: it is run on documents.
  private var interaction: LateInteraction? {
    var interaction = facts.interaction
    if request.instrumentation.contains(.importance) { interaction?.expansion = nil }
    return interaction
  }

  // MARK: Request

  private func checkRequest() throws(PlanningError) {
    guard (1...facts.maximumLength).contains(request.maximumLength) else {
      throw .lengthOutOfRange(requested: request.maximumLength, maximum: facts.maximumLength)
    }
    if let length = facts.interaction?.expansion.map({ Int($0.length) }), request.maximumLength < length {
      throw .expansionTooLong(length, maximum: request.maximumLength)
    }
    guard (1...1024).contains(request.threads) else { throw .threadsOutOfRange(requested: request.threads) }
    switch request.method.target {
    case nil: break
    case .times(let limits):
      guard limits.isSensible else { throw .targetOutOfRange(.times(limits)) }
      if let last = limits.steps.last?.maximumLength, last < request.maximumLength {
        throw .deadlineMissing(length: request.maximumLength, last: last)
      }
      if pricer.tail(limits.percentile) == nil { throw .tailNotMeasured(limits.percentile) }
      if limits.average != nil, inputs.lengths.isEmpty { throw .averageNeedsCalibration }
    case .speedup(let factor)?, .workSpeedup(let factor)?:
      if !factor.isFinite || factor < 1, let target = request.method.target {
        throw .targetOutOfRange(target)
      }
    }
    if request.instrumentation.contains(.importance), request.method != .dense { throw .importanceNeedsDense }
    if let depth = request.depth, !(0...facts.layers).contains(depth) {
      throw .depthOutOfRange(requested: depth, layers: facts.layers)
    }
    if request.depth == 0 { try checkWordRows() }
    if request.halting != nil {
      guard facts.haltingLayers == facts.layers else { throw .haltingPointsMissing }
      guard request.headOverride == nil else { throw .haltingKeepsItsHeads }
    }
    if request.method.selection != nil {
      let depth = request.depth ?? facts.layers
      guard let layers = facts.selector?.layers, layers.contains(where: { $0 < depth }) else {
        throw .selectorsMissing
      }
      if let found = inputs.selectors?.layers, found != layers {
        throw .selectorLayersDiffer(expected: layers, found: found)
      }
    }
    if let lexicon = request.lexicon, lexicon.scores.count != Int(facts.shape.vocabulary) {
      throw .lexiconMismatch(expected: Int(facts.shape.vocabulary), found: lexicon.scores.count)
    }
    if case .tokens(.words, _) = request.method, request.lexicon == nil { throw .lexiconMissing }
    if facts.head.pooling == .tokens || facts.head.kind == .sparse,
      request.headOverride != nil || request.instrumentation.contains(.features)
    {
      throw .tokenHeadNotFitted
    }
    if let head = request.headOverride {
      let read = request.depth == 0 ? facts.cut(to: 0).head : facts.head
      let expected = head.bias.count * read.featureWidth
      let named = head.kind == .classification || head.kind == .multiLabel
      guard !head.bias.isEmpty, head.weight.count == expected,
        head.labels.count == (named ? head.bias.count : 0)
      else {
        throw .headShapeMismatch(
          expectedWeights: expected, foundWeights: head.weight.count, labels: head.labels.count)
      }
    }
  }

  /// Word rows (decision 23): there is no layer in which tokens could be dropped or runs end, no product to round, and
  /// no head that was trained on them.
  private func checkWordRows() throws(PlanningError) {
    let drops =
      switch request.method {
      case .dense, .layers: false
      case .tokens: true
      case .fixed(let schedule, let selection): schedule.layerCount > 0 || selection != nil
      }
    if drops || request.halting != nil { throw .wordRowsKeepEveryToken }
    if request.precision != PrecisionAssignment() { throw .wordRowsNotRounded(request.precision.base) }
    if facts.head.pooling == .tokens || facts.head.kind == .sparse { throw .wordRowsNeedPooling }
    if facts.head.hasLinear, request.headOverride == nil { throw .wordRowsNeedHead }
  }

  // MARK: Graphs and schedule

  /// Layers to plan: as requested, or for a method that gives up layers alone the most that meet the target.
  private func depth(_ dense: DenseReference) throws(PlanningError) -> Int {
    guard case .layers(let target) = request.method else { return request.depth ?? facts.layers }
    let length = request.maximumLength
    var shallowest: DenseReference?
    for depth in (request.depth.map { $0...$0 } ?? 1...facts.layers).reversed() {
      let cut = cut(to: depth)
      let reference = DenseReference(
        cut.facts,
        ops: cut.graph(reducing: [], halting: request.halting, restores: false, request.passes).pricedOps,
        maximumLength: length, pricer: cut.pricer)
      let meets =
        switch target {
        case .times(let limits): meets(pricer.medians(of: limits), reference.time)
        case .speedup(let factor): Double(reference.time(length)) * factor <= Double(dense.time(length))
        case .workSpeedup(let factor): Double(facts.layers) >= factor * Double(depth)
        }
      if meets { return depth }
      shallowest = reference
    }
    let best = shallowest?.time(length) ?? 0
    let whole = dense.time(length)
    throw .infeasible(
      PlanningDiagnostic(
        target: target, length: length, best: pricer.time(Nanoseconds(best), at: target.percentile),
        overMedian: pricer.tail(target.percentile) ?? 1,
        dense: pricer.time(Nanoseconds(whole), at: target.percentile),
        bestAverage: shallowest.flatMap { missedAverage($0, target) },
        bestSpeedup: target.isInWork
          ? Double(facts.layers) / Double(request.depth ?? 1) : Double(whole) / Double(max(best, 1)),
        bestDepth: request.depth ?? 1, bestKeepCounts: [length], weightTraffic: .zero, weightTime: .zero))
  }

  private func meets(_ limits: TimeLimits, _ time: (Int) -> UInt64) -> Bool {
    let meetsAverage = limits.average.map { average(time) <= $0.nanoseconds } ?? true
    return meetsAverage && (1...request.maximumLength).allSatisfy { time($0) <= limits.deadline($0) }
  }

  /// Longer inputs keep every token.
  private var coveredLength: Int {
    request.dropsBeyondCalibration ? .max : inputs.lengths.coveredLength
  }

  private var average: LengthAverage {
    LengthAverage(inputs.lengths, maximumLength: request.maximumLength)
  }

  /// The average, where it misses the target although every deadline is met.
  private func missedAverage(_ shallowest: DenseReference, _ target: PlanningTarget) -> Nanoseconds? {
    guard let limits = target.limits, limits.average != nil,
      meets(pricer.medians(of: TimeLimits(limits.steps, at: limits.percentile)), shallowest.time)
    else { return nil }
    return Nanoseconds(UInt64(average(shallowest.time)))
  }

  /// How selectors choose; nil in plans in which they do not act.
  private var selection: TokenSelection? {
    facts.selector == nil || request.lexicon != nil ? nil : request.method.selection
  }

  /// Layers that may drop tokens: all, those with a selector, or the first where words choose.
  private var droppingLayers: Set<Int> {
    switch dropPoint {
    case .afterAttention: Set(facts.layerNumbers)
    case .afterLayer: Set(facts.selector?.layers ?? [])
    case .beforeFirstLayer: [1]
    }
  }

  private var dropPoint: DropPoint {
    if request.lexicon != nil { return .beforeFirstLayer }
    return selection == nil ? .afterAttention : .afterLayer
  }

  /// A lens gives a mean's rows, and those of the last layer only.
  private var readsLens: Bool {
    request.lens != nil && facts.head.pooling == .mean && request.halting == nil
  }

  /// A head that answers for every token, or reads the last one, needs every token's state.
  private var restores: Bool {
    let pooling = facts.head.pooling
    return pooling.needsEveryToken || request.restoresDroppedTokens && pooling.joinsTokens
  }

  private func graph(
    reducing layers: Set<Int>, halting: HaltingRule?, restores: Bool, _ passes: PassSet
  ) -> PlanGraph {
    let options = GraphOptions(
      maximumLength: request.maximumLength, threads: request.threads, reducingLayers: layers,
      selection: selection, words: request.lexicon?.penalties.count, halting: halting, restores: restores,
      readsLens: restores && readsLens, instrumentation: request.instrumentation)
    var plain = GraphBuilder.build(facts, options: options, override: request.headOverride)
    plain.roundedAttention = Set(
      facts.layerNumbers.filter { request.precision.roundsAttention(layer: facts.form(of: $0).storedAs) })
    let rewritten = GraphPasses.run(
      plain, passes: passes, pricer: pricer, maximumLength: request.maximumLength)
    var graph = ProductFamilies(
      pricer: pricer, precision: request.precision, layers: facts.layerNumbers,
      maximumLength: request.maximumLength, threads: request.threads,
      selects: request.passes.contains(.kernelSelection)
    ).run(rewritten)
    if passes.contains(.smoothColumns) { graph = SmoothColumns.run(graph) }
    guard passes.contains(.fuseEncodings) else { return graph }
    return FuseEncodings.run(graph, pricer: pricer, maximumLength: request.maximumLength)
  }

  private func requireKernels(_ ops: [PricedOp]) throws(PlanningError) {
    guard let op = pricer.firstWithoutKernel(ops) else { return }
    throw op.layout.activation == .f32 && op.kind != .encode
      ? .kernelMissing(op.kind) : .precisionNotMeasured(request.precision.base)
  }

  private func schedule(dense: DenseReference, _ passes: PassSet) throws(PlanningError) -> Schedule {
    let length = request.maximumLength
    let dropping: TokenDropping
    let target: PlanningTarget
    switch request.method {
    case .dense, .layers: return .dense(maximumLength: length, layerCount: facts.layers)
    case .fixed(let fixed, _):
      try check(fixed)
      let covered = coveredLength
      if length > covered, fixed.retentionConfiguration(length: length).contains(where: { Int($0) < length })
      {
        throw .lengthNotCovered(length, covered: covered)
      }
      return fixed
    case .tokens(let chosen, let reached): (dropping, target) = (chosen, reached)
    }
    var family = try retentionFamily(dropping, dense)
    // With elimination in every layer that may drop tokens.
    let reducing = graph(reducing: droppingLayers, halting: request.halting, restores: restores, passes)
    try requireKernels(reducing.pricedOps)
    if request.passes.contains(.tileRounding) {
      family.rounded = TileRounding.table(reducing.pricedOps, maximumLength: length, pricer: pricer)
    }
    let search = ScheduleSearch(
      facts: facts, target: target, maximumLength: length, family: family,
      reducingOps: reducing.pricedOps,
      // Selectors by threshold act even when the ceilings let everything through.
      wholeOps: selection == .dynamic
        ? reducing.pricedOps
        : graph(reducing: [], halting: request.halting, restores: false, passes).pricedOps,
      dense: dense, average: average, pricer: pricer, dropping: dropPoint,
      coveredLength: coveredLength)
    let rows = try search.run()
    return Schedule(
      maximumLength: length, layerCount: facts.layers, keepCounts: rows.flatMap { $0.map(UInt16.init) },
      restoresDroppedTokens: false)
  }

  private func retentionFamily(
    _ dropping: TokenDropping, _ dense: DenseReference
  ) throws(PlanningError) -> RetentionFamily {
    let decay: Double?
    switch dropping {
    case .attention(let given): decay = given
    case .selectors:
      guard let selectors = inputs.selectors else { throw .selectorsNotCalibrated }
      return RetentionFamily(
        profiles: (1...request.maximumLength).map {
          selectors.retention(length: $0, layerCount: facts.layers)
        })
    case .words:
      guard inputs.profile != nil else { throw .wordsNotCalibrated }
      return RetentionFamily(
        profiles: [[1] + [Double?](repeating: nil, count: facts.layers - 1)], least: Self.leastWords)
    }
    let given = decay.map { EliminationProfile(decay: $0, layers: dense.layers).retention }
    guard let profile = given ?? inputs.profile else { throw .calibrationMissing }
    guard profile.count == dense.layers else {
      throw .calibrationLayersDiffer(expected: dense.layers, found: profile.count)
    }
    return RetentionFamily(profile: Array(profile.prefix(facts.layers)))
  }

  private func check(_ fixed: Schedule) throws(PlanningError) {
    let length = request.maximumLength
    var holds =
      fixed.maximumLength == length && fixed.layerCount == facts.layers
      && fixed.keepCounts.count == length * (facts.layers + 1)
    if holds {
      for tokens in 1...length {
        let counts = fixed.retentionConfiguration(length: tokens)
        let falls = zip(counts, counts.dropFirst()).allSatisfy { $0 >= $1 }
        if counts.first != UInt16(tokens) || counts.contains(0) || !falls { holds = false }
      }
    }
    guard holds else {
      throw .scheduleMismatch(
        expectedLength: length, expectedLayers: facts.layers, foundLength: fixed.maximumLength,
        foundLayers: fixed.layerCount)
    }
  }

  // MARK: Parts of the plan

  private func selections(_ ops: [PricedOp]) -> [KernelSelection] {
    ops.indices.flatMap { number in
      let rows = ops[number].rows == .one ? 1 : request.maximumLength
      return pricer.selections(of: ops[number], number: number, maximumRows: rows)
    }
  }

  private func head() -> Head {
    let head = facts.head
    guard let override = request.headOverride else {
      return Head(
        kind: head.kind, pooling: head.pooling, normalized: head.normalized, labels: head.labels,
        outputWidth: head.outputWidth)
    }
    return Head(
      kind: override.kind, pooling: head.pooling, normalized: head.normalized, labels: override.labels,
      outputWidth: override.bias.count)
  }

  /// - Parameter passes: those that were on in the end.
  private func identity(reduces: Bool, isCut: Bool, passes: PassSet) -> PlanIdentity {
    var methods: [String] = []
    if reduces {
      switch selection {
      case nil: methods.append(request.lexicon == nil ? "acc" : "lexical")
      case .dynamic: methods.append("selector")
      case .static: methods.append("selector-static")
      }
    }
    if isCut { methods.append("depth") }
    if request.halting != nil { methods.append("halting") }
    return PlanIdentity(
      modelName: facts.name, family: facts.family, toolVersion: request.provenance.toolVersion,
      request: request.provenance.request, method: methods.isEmpty ? "dense" : methods.joined(separator: "+"),
      precision: request.precision.name,
      deviceName: inputs.deviceName, tier: inputs.tier, threads: request.threads,
      passes: passes.names,
      modelDigest: facts.modelDigest, tokenizerDigest: facts.tokenizerDigest,
      calibrationDigest: reduces ? inputs.calibrationDigest : .zero, profileDigest: inputs.profileDigest)
  }

  /// A plan that leaves the planner is valid and meets its target; anything else is our bug.
  private func check(_ plan: Plan) {
    do throws(PlanFormatError) {
      try PlanValidator.validate(plan)
    } catch {
      fatalError("the planner made a plan that its own validator refuses: \(error)")
    }
    guard let limits = request.method.target?.limits else { return }
    let times = plan.predictions.lengths.map(\.planned.time.rawValue)
    precondition(meets(pricer.medians(of: limits)) { times[$0 - 1] }, "the plan misses its target: \(limits)")
  }
}
