import TaperBase
import TaperPlanFormat

/// Builds small valid plans: an encoder of a few layers whose ops follow the drivers' documentation, with the choices
/// the planner has (fused or not, relative bias, restored tokens, pooling, head).
struct ToyPlan {
  struct Options {
    var layers = 2
    var heads = 2
    var headWidth = 4
    var maximumLength = 6
    var threads = 2
    var relativeBias = true
    var restores = true
    var fused = true
    var head = HeadKind.classification
    var pooling = Pooling.mean
    /// How products' weights lie.
    var layout = WeightLayout.rowMajor
    /// Reducing layers compute all rows' context with their scores.
    var scored = false
    /// Layers that drop tokens.
    var reducing: Set<Int> = [1, 2]
    /// Layers, none of them reducing, whose output is selected from by threshold; the schedule has the ceiling.
    var dynamic: Set<Int> = []
    /// Every layer answers, and all but the last may end the run.
    var halts = false
    var rule = HaltingRule.tight

    /// The choices drawn from a seed.
    static func seeded(_ random: inout Seeded) -> Options {
      var options = Options()
      options.layers = random.below(4)
      options.heads = 1 + random.below(3)
      options.headWidth = 1 + random.below(5)
      options.maximumLength = 1 + random.below(9)
      options.threads = 1 + random.below(3)
      options.relativeBias = random.coin()
      options.restores = random.coin()
      options.fused = random.coin()
      options.head = HeadKind.allCases[random.below(5)]
      options.pooling = random.coin() ? .mean : .cls
      if options.head.isOfTokens { (options.pooling, options.restores) = (.tokens, true) }
      options.reducing = Set((0..<options.layers).map { $0 + 1 }.filter { _ in random.coin() })
      options.layout = WeightLayout.allCases[random.below(4)]
      options.scored = random.coin()
      if random.below(3) == 0 {
        options.dynamic = Set((0..<options.layers).map { $0 + 1 }.filter { _ in random.coin() })
        options.reducing.subtract(options.dynamic)
      }
      if random.below(3) == 0, options.layers > 0 {
        options.halts = true
        (options.head, options.pooling) = (.classification, .cls)
        options.rule = random.coin() ? .authors : .tight
        // Answers are of the first row, so that only dropped rows are put back.
        options.restores = options.restores && !options.reducing.union(options.dynamic).isEmpty
      }
      return options
    }
  }

  var plan: Plan
  let options: Options
  var hidden: Int { options.heads * options.headWidth }

  /// A plan with its weights section's bytes.
  static func make(_ options: Options = Options(), seed: Int = 1) -> (plan: Plan, weights: [UInt8]) {
    var random = Seeded(seed)
    var toy = ToyPlan(options, &random)
    toy.addOps()
    layOut(&toy.plan)
    toy.addWeights(&random)
    toy.addPredictions(&random)
    toy.addHalting(&random)
    var weights = [UInt8](repeating: 0, count: Int(toy.plan.weights.byteCount.rawValue))
    for entry in toy.plan.weights.entries {
      for at in Int(entry.offset.rawValue)..<Int(entry.offset.rawValue + entry.byteCount.rawValue) {
        weights[at] = at & 3 == 3 ? 0x3D : UInt8(truncatingIfNeeded: random.next())
      }
    }
    toy.plan.weights.digest = SHA256.digest(of: weights)
    return (toy.plan, weights)
  }

  static func make(seed: Int) -> (plan: Plan, weights: [UInt8]) {
    var random = Seeded(seed)
    return make(.seeded(&random), seed: seed)
  }

  private init(_ options: Options, _ random: inout Seeded) {
    self.options = options
    let width = options.head == .embedding ? options.heads * options.headWidth : 3
    let hasLabels = [.classification, .multiLabel, .tokenClassification].contains(options.head)
    let answers = options.head.isOfTokens ? options.maximumLength : 1
    let identity = PlanIdentity(
      modelName: "toy", family: "bert", toolVersion: "0.1", request: "--latency 1ms", method: "acc",
      precision: "f32",
      deviceName: "reference", threads: options.threads, passes: ["fusion", "arena"],
      modelDigest: SHA256.digest(of: [1]), tokenizerDigest: SHA256.digest(of: [2]), calibrationDigest: .zero,
      profileDigest: .zero)
    plan = Plan(
      identity: identity,
      model: ModelShape(
        hidden: options.heads * options.headWidth, layers: options.layers, heads: options.heads,
        feedForward: options.heads * options.headWidth * 2 + 1, vocabulary: 11, tokenTypes: 2),
      schedule: ToyPlan.schedule(options, &random), ops: [], selections: [], arena: ArenaLayout(),
      resultSlot: 0,
      predictions: Predictions(), tokenizer: [1, 2, 3, 4, 5],
      head: Head(
        kind: options.head, pooling: options.pooling, normalized: options.head == .embedding,
        labels: hasLabels ? ["a", "ü", "c"] : [], outputWidth: width),
      canaries: [
        Canary(
          ids: [UInt32](repeating: 3, count: options.maximumLength),
          typeIDs: [UInt32](repeating: 1, count: options.maximumLength),
          expected: [Float](repeating: 0.25, count: width * answers), tolerance: 1e-4)
      ],
      weights: WeightsIndex(entries: [], byteCount: .zero, digest: .zero, isEmbedded: true))
  }

  /// Short lengths stay dense; longer ones lose about a third in each reducing layer.
  private static func schedule(_ options: Options, _ random: inout Seeded) -> Schedule {
    let dense = 1 + random.below(2)
    var counts: [UInt16] = []
    for length in 1...options.maximumLength {
      var count = length
      counts.append(UInt16(count))
      for layer in 0..<options.layers {
        if options.reducing.union(options.dynamic).contains(layer + 1), length > dense {
          count = max(1, count * 2 / 3)
        }
        counts.append(UInt16(count))
      }
    }
    return Schedule(
      maximumLength: options.maximumLength, layerCount: options.layers, keepCounts: counts,
      restoresDroppedTokens: options.restores)
  }

  // MARK: Parts

  mutating func slot(
    _ name: String, _ element: ElementType = .f32, copies: Int = 1, rows: RowCount,
    _ inner: RowCount = .one,
    columns: Int
  ) -> UInt16 {
    plan.arena.slots.append(
      ArenaSlot(name: name, element: element, copies: copies, rows: rows, innerRows: inner, columns: columns))
    return UInt16(plan.arena.slots.count - 1)
  }

  mutating func weight(
    _ name: String, _ shape: [Int], _ layout: WeightLayout = .rowMajor
  ) -> WeightReference {
    let isPacked = layout != .rowMajor
    plan.weights.entries.append(
      WeightEntry(
        name: name, element: layout.activation, layout: layout, shape: shape.map { UInt32($0) },
        offset: .zero,
        byteCount: Bytes(
          isPacked ? layout.byteCount(columns: shape[0], depth: shape[1]) : UInt64(shape.reduce(4, *)))))
    return WeightReference(rawValue: UInt16(plan.weights.entries.count - 1))
  }

  mutating func add(_ op: PlanOp, _ change: (inout PlanOp) -> Void) {
    var op = op
    change(&op)
    plan.ops.append(op)
  }

  mutating func scratch(_ op: inout PlanOp, _ elements: Int) {
    let place = slot("scratch", copies: options.threads, rows: .one, columns: elements)
    op.scratch = Operand(slot: place)
    op.scratchStride = UInt32(elements)
  }

  // MARK: Ops

  private mutating func addOps() {
    let d = hidden
    var state = slot("embedded", rows: .input, columns: d)
    var embed = PlanOp(.embed, layer: 0, rows: .input, columns: d)
    embed.output = Operand(slot: state, leading: UInt32(d))
    embed.extent = 2
    embed.epsilon = 1e-5
    embed.table0 = weight("words", [11, d])
    embed.table1 = weight("positions", [options.maximumLength + 2, d])
    embed.table2 = weight("types", [2, d])
    embed.gamma = weight("embed.gamma", [d])
    embed.beta = weight("embed.beta", [d])
    plan.ops.append(embed)

    var origin: UInt16?
    if options.relativeBias || options.restores {
      let place = slot("origin", .u32, rows: .input, columns: 1)
      origin = place
      add(PlanOp(.iota, layer: 0, rows: .input)) { $0.output = Operand(slot: place) }
    }
    let bias =
      options.relativeBias
      ? weight("bias", [options.heads, 2 * options.maximumLength - 1]) : WeightReference.none
    let restored = options.restores ? slot("restored", rows: .input, columns: d) : nil
    var answers: UInt16?
    for layer in 0..<options.layers {
      state = addLayer(layer + 1, state, origin: origin, bias: bias, restored: restored)
      if options.halts { addAnswer(layer + 1, state, &answers) }
      if options.dynamic.contains(layer + 1) {
        state = addSelection(layer + 1, state, origin: origin, restored: restored)
      }
    }
    if !options.halts { addHead(state, origin: origin, restored: restored) }
  }

  private mutating func addLayer(
    _ layer: Int, _ state: UInt16, origin: UInt16?, bias: WeightReference, restored: UInt16?
  ) -> UInt16 {
    let d = hidden
    let width = UInt32(d)
    let before = RowCount.tokens(after: layer - 1)
    let after = options.dynamic.contains(layer) ? before : RowCount.tokens(after: layer)
    let attended = slot("attended", rows: after, columns: d)
    let qkv = slot("qkv", rows: before, columns: 3 * d)
    add(gemm(layer, before, 3 * d, d, from: state, to: qkv)) { _ in }
    var index = Operand.none
    var plain = attention(layer, .attention, before, before, qkv)
    plain.c = Operand(slot: qkv, offset: 2 * width, leading: 3 * width)
    plain.output = Operand(slot: attended, leading: width)
    plain.bias = bias
    if !bias.isNone, let origin { plain.origin = Operand(slot: origin) }
    scratch(&plain, 64 * ((options.maximumLength + 15) / 16 * 16))
    if options.reducing.contains(layer) {
      plain.condition = .ifNotReduced
      index = addReducingAttention(layer, plain, state: state, origin: origin, restored: restored)
    }
    plan.ops.append(plain)

    let projected = slot("projected", rows: after, columns: d)
    add(gemm(layer, after, d, d, from: attended, to: projected)) { _ in }
    let normed = slot("normed", rows: after, columns: d)
    addNorm(layer, after, projected, residual: state, index: index, to: normed)
    let wide = slot("wide", rows: after, columns: d * 2 + 1)
    add(gemm(layer, after, d * 2 + 1, d, from: normed, to: wide)) { $0.activation = .gelu }
    let narrow = slot("narrow", rows: after, columns: d)
    add(gemm(layer, after, d, d * 2 + 1, from: wide, to: narrow)) { _ in }
    let next = slot("state", rows: after, columns: d)
    addNorm(layer, after, narrow, residual: normed, index: .none, to: next)
    return next
  }

  /// Scores, selection, the books of positions, and the kept rows' context; the index of kept rows.
  private mutating func addReducingAttention(
    _ layer: Int, _ plain: PlanOp, state: UInt16, origin: UInt16?, restored: UInt16?
  ) -> Operand {
    let before = RowCount.tokens(after: layer - 1)
    let after = RowCount.tokens(after: layer)
    let most = options.maximumLength
    let index = Operand(slot: slot("kept", .u32, rows: after, columns: 1))
    let partial = slot("partial scores", rows: before, columns: options.heads)
    var scores = plain
    scores.condition = .ifReduced
    scores.output2 = Operand(slot: partial)
    let whole = options.scored ? slot("whole context", rows: before, columns: hidden) : nil
    let probabilities =
      whole == nil ? slot("probabilities", rows: before, before, columns: options.heads) : nil
    if let whole {
      scores.kind = .attentionScored
      scores.output = Operand(slot: whole, leading: UInt32(hidden))
    } else if let probabilities {
      scores.kind = .attentionScores
      scores.c = .none
      scores.output = Operand(slot: probabilities)
      scores.scratch = .none
      scores.scratchStride = 0
    }
    plan.ops.append(scores)
    var select = PlanOp(.select, layer: layer, rows: after, innerRows: before)
    select.condition = .ifReduced
    select.heads = UInt16(options.heads)
    select.a = Operand(slot: partial)
    select.output = index
    scratch(&select, 2 * most)
    plan.ops.append(select)
    if let restored, let origin {
      add(PlanOp(.scatter, layer: layer, rows: after, innerRows: before, columns: hidden)) {
        $0.condition = .ifReduced
        $0.a = Operand(slot: state, leading: $0.columns)
        $0.output = Operand(slot: restored, leading: $0.columns)
        $0.index = index
        $0.origin = Operand(slot: origin)
      }
    }
    if let origin {
      add(PlanOp(.compose, layer: layer, rows: after)) {
        $0.condition = .ifReduced
        $0.output = Operand(slot: origin)
        $0.index = index
      }
    }
    if let whole {
      add(PlanOp(.gather, layer: layer, rows: after, columns: hidden)) {
        $0.condition = .ifReduced
        $0.a = Operand(slot: whole, leading: $0.columns)
        $0.output = plain.output
        $0.index = index
      }
      return index
    }
    var context = plain
    context.kind = .attentionContext
    context.condition = .ifReduced
    context.rows = after
    context.a = .none
    context.b = probabilities.map { Operand(slot: $0) } ?? .none
    context.bias = .none
    context.origin = .none
    context.index = index
    scratch(&context, most * most)
    plan.ops.append(context)
    return index
  }

  private mutating func addNorm(
    _ layer: Int, _ rows: RowCount, _ from: UInt16, residual: UInt16, index: Operand, to: UInt16
  ) {
    let d = hidden
    let width = UInt32(d)
    var norm = PlanOp(.layerNorm, layer: layer, rows: rows, columns: d)
    norm.epsilon = 1e-5
    norm.a = Operand(slot: from, leading: width)
    norm.output = Operand(slot: to, leading: width)
    norm.gamma = weight("gamma", [d])
    norm.beta = weight("beta", [d])
    if options.fused {
      norm.bias = weight("norm.bias", [d])
      norm.b = Operand(slot: residual, leading: width)
      norm.index = index
    } else {
      var source = residual
      if !index.isNone {
        source = slot("gathered", rows: rows, columns: d)
        let target = source
        add(PlanOp(.gather, layer: layer, rows: rows, columns: d)) {
          $0.a = Operand(slot: residual, leading: width)
          $0.output = Operand(slot: target, leading: width)
          $0.index = index
        }
      }
      let bias = weight("norm.bias", [d])
      add(PlanOp(.biasActivation, layer: layer, rows: rows, columns: d)) {
        $0.a = Operand(slot: from, leading: width)
        $0.output = $0.a
        $0.bias = bias
      }
      let other = source
      add(PlanOp(.add, layer: layer, rows: rows, columns: d)) {
        $0.a = Operand(slot: from, leading: width)
        $0.b = Operand(slot: other, leading: width)
        $0.output = $0.a
      }
    }
    plan.ops.append(norm)
  }

  mutating func gemm(
    _ layer: Int, _ rows: RowCount, _ columns: Int, _ depth: Int, from: UInt16, to: UInt16
  ) -> PlanOp {
    var op = PlanOp(.gemm, layer: layer, rows: rows, columns: columns, depth: depth)
    op.a = Operand(slot: from, leading: UInt32(depth))
    op.output = Operand(slot: to, leading: UInt32(columns))
    op.weight = weight("weight", [columns, depth], options.layout)
    let element = options.layout.activation
    if element != .f32 {
      let width = (depth + element.group - 1) / element.group * element.group
      var encode = PlanOp(.encode, layer: layer, rows: rows, columns: depth)
      encode.a = op.a
      encode.output = Operand(
        slot: slot("codes", element, rows: rows, columns: width), leading: UInt32(width))
      if element == .i8 { encode.output2 = Operand(slot: slot("scales", rows: rows, columns: 2), leading: 2) }
      plan.ops.append(encode)
      (op.a, op.b) = (encode.output, encode.output2)
    }
    op.bias = weight("bias", [columns])
    return op
  }

  private func attention(_ layer: Int, _ kind: OpKind, _ rows: RowCount, _ inner: RowCount, _ qkv: UInt16)
    -> PlanOp
  {
    let width = UInt32(hidden)
    var op = PlanOp(
      kind, layer: layer, rows: rows, innerRows: inner, columns: hidden, depth: options.headWidth)
    op.heads = UInt16(options.heads)
    op.scale = 0.5
    op.extent = options.relativeBias ? UInt32(options.maximumLength) : 0
    op.a = Operand(slot: qkv, leading: 3 * width)
    op.b = Operand(slot: qkv, offset: width, leading: 3 * width)
    return op
  }
}
