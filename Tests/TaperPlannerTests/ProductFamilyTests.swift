import TaperModelSpec
import TaperPlanFormat
import TaperPlanner
import Testing

/// Which family serves a product, in which precision, and what reads the kept rows; every encoding is an op of its own
/// here.
@Suite struct ProductFamilyTests {
  private func plan(
    costs: OpCosts = SyntheticCosts.make(panel: 64), facts: EncoderFacts = SyntheticModels.facts(),
    reducing: Bool = false, threads: Int = 2, off: [PlannerPass] = [], without excluded: Set<KernelID> = [],
    precision: PrecisionAssignment = PrecisionAssignment()
  ) throws(PlanningError) -> Plan {
    var request = PlanningRequest(
      maximumLength: 48, threads: threads, precision: precision,
      passes: PassSet(disabling: off + [.fuseEncodings]),
      excludedKernels: excluded)
    if reducing {
      let counts = (1...48).flatMap { n in [n] + (1...4).map { _ in (n + 1) / 2 } }
      request.method = .fixed(
        Schedule(
          maximumLength: 48, layerCount: 4, keepCounts: counts.map(UInt16.init), restoresDroppedTokens: false)
      )
    }
    return try PlanAssembler(request, PlanningInputs(facts: facts, profile: nil, costs: costs)).assemble()
      .plan
  }

  private func products(_ plan: Plan) -> [(op: PlanOp, layout: WeightLayout, kernels: [KernelID])] {
    plan.ops.indices.filter { plan.ops[$0].kind == .gemm }.map { number in
      let op = plan.ops[number]
      return (
        op, plan.weightLayout(of: op), plan.selections.filter { Int($0.op) == number }.map(\.kernel)
      )
    }
  }

  @Test func theFasterFamilyServesAProduct() throws {
    for product in products(try plan()) {
      #expect(product.layout == .panelF32 && product.kernels == [.gemmF32Panel])
      // One a thread as long as there are spans of three panels.
      #expect(Int(product.op.parts) == min(2, (Int(product.op.columns) + 47) / 48))
    }
    for product in products(try plan(threads: 1)) { #expect(product.op.parts == 1) }
    // A tie goes to row-major, and so does everything with the pass off.
    for rowMajor in [try plan(costs: SyntheticCosts.make(panel: 32)), try plan(off: [.kernelSelection])] {
      for product in products(rowMajor) {
        #expect(product.layout == .rowMajor && product.kernels == [.gemmF32OpenBLAS])
      }
    }
  }

  @Test func anExcludedKernelIsNotUsed() throws {
    // Row-major would win, by the tie or with nothing chosen.
    for off in [[], [PlannerPass.kernelSelection]] {
      let costs = SyntheticCosts.make(panel: 32)
      for product in products(try plan(costs: costs, off: off, without: [.gemmF32OpenBLAS])) {
        #expect(!product.kernels.contains(.gemmF32OpenBLAS))
      }
    }
    #expect(throws: PlanningError.self) {
      try plan(without: [.gemmF32OpenBLAS, .gemmF32Scalar, .gemmF32Panel, .gemmF32X6])
    }
  }

  @Test func aFamilyWithoutAMeasurementIsNotThere() throws {
    var costs = SyntheticCosts.make(panel: 64)
    let kernels = costs.kernels
    costs.kernels = { kernels($0).filter { $0.weightLayout == .rowMajor } }
    #expect(products(try plan(costs: costs)).allSatisfy { $0.layout == .rowMajor })
    #expect(throws: PlanningError.precisionNotMeasured(.int8)) {
      try plan(costs: costs, precision: PrecisionAssignment(.int8))
    }
  }

  /// Three planes count as f32: chosen where they are faster with their encoding, never without a measurement of both.
  @Test func planesServeF32WhereTheyAreFaster() throws {
    func costs(_ time: UInt64, encode: UInt64 = 10, without: Set<KernelID> = []) -> OpCosts {
      var costs = SyntheticCosts.make(panel: 64)
      let (predict, kernels) = (costs.predict, costs.kernels)
      costs.kernels = { kernels($0).filter { !without.contains($0) } }
      costs.predict = { op, kernel, rows, innerRows in
        var prediction = predict(op, kernel, rows, innerRows)
        guard kernel == .gemmF32X6 || kernel == .encodeBF16x3 else { return prediction }
        prediction.time = Nanoseconds(kernel == .gemmF32X6 ? time : encode)
        (prediction.low, prediction.high) = (prediction.time, prediction.time)
        return prediction
      }
      return costs
    }
    let fast = try plan(costs: costs(10))
    for product in products(fast) {
      #expect(product.layout == .panelBF16x3 && product.kernels == [.gemmF32X6])
      let encode = try #require(fast.ops.first { $0.kind == .encode && $0.output == product.op.a })
      #expect(encode.encodedElement == .bf16x3 && encode.extent == 3)
    }
    #expect(fast.formatVersion == .encodings)
    try PlanValidator.validate(fast)
    // The encoding counts, and so does what was not measured.
    for costs in [
      costs(10, encode: 1 << 30), costs(1 << 30), costs(10, without: [.encodeBF16x3]),
      costs(10, without: [.gemmF32X6]),
    ] {
      #expect(products(try plan(costs: costs)).allSatisfy { $0.layout == .panelF32 })
    }
  }

  /// The kernels that a layer's attention was given.
  private func kernels(_ plan: Plan, layer: Int) -> Set<KernelID> {
    Set(
      plan.selections.filter {
        let op = plan.ops[Int($0.op)]
        return Int(op.layer) == layer && (op.kind == .attention || op.kind == .attentionScored)
      }.map(\.kernel))
  }

  /// Attention in planes counts as f32: it serves every layer where it is faster, also beside products in lower
  /// precision that attention in bf16 does not pay for.
  @Test func attentionInPlanesServesF32WhereItIsFaster() throws {
    func costs(halved: Bool) -> OpCosts {
      var costs = SyntheticCosts.make()
      let (predict, kernels) = (costs.predict, costs.kernels)
      costs.kernels = { kind in
        kernels(kind) + KernelID.all.map(\.id).filter { $0.opKind == kind && $0.splitsOperands }
      }
      costs.predict = { op, kernel, rows, innerRows in
        var prediction = predict(op, kernel, rows, innerRows)
        guard kernel.splitsOperands else { return prediction }
        prediction.time = Nanoseconds(halved ? prediction.time.rawValue / 2 : prediction.time.rawValue * 2)
        (prediction.low, prediction.high) = (prediction.time, prediction.time)
        return prediction
      }
      return costs
    }
    let fast = try plan(costs: costs(halved: true))
    #expect((1...4).allSatisfy { kernels(fast, layer: $0) == [.attentionF32X6] })
    #expect(fast.formatVersion == .planeAttention)
    try PlanValidator.validate(fast)
    let scored = try plan(costs: costs(halved: true), reducing: true)
    #expect(scored.selections.contains { $0.kernel == .attentionScoredF32X6 })
    let slow = try plan(costs: costs(halved: false))
    #expect((1...4).allSatisfy { kernels(slow, layer: $0) == [.attentionF32] })
  }

  /// Bounded pairs serve int8 where they are measured and faster.
  @Test func boundedPairsServeInt8WhereTheyAreFaster() throws {
    func costs(_ time: UInt64, without: Set<KernelID> = []) -> OpCosts {
      var costs = SyntheticCosts.make(panel: 64)
      let (predict, kernels) = (costs.predict, costs.kernels)
      costs.kernels = { kernels($0).filter { !without.contains($0) } }
      costs.predict = { op, kernel, rows, innerRows in
        var prediction = predict(op, kernel, rows, innerRows)
        guard kernel == .gemmI8Pairs else { return prediction }
        prediction.time = Nanoseconds(time)
        (prediction.low, prediction.high) = (prediction.time, prediction.time)
        return prediction
      }
      return costs
    }
    let int8 = PrecisionAssignment(.int8)
    let fast = try plan(costs: costs(10), precision: int8)
    for product in products(fast) {
      #expect(product.layout == .panelI8Pairs && product.kernels == [.gemmI8Pairs])
    }
    #expect(fast.formatVersion == .pairs && fast.identity.precision == "int8")
    try PlanValidator.validate(fast)
    for costs in [costs(1 << 30), costs(10, without: [.gemmI8Pairs]), SyntheticCosts.make(panel: 64)] {
      let plan = try plan(costs: costs, precision: int8)
      #expect(products(plan).allSatisfy { $0.layout == .panelI8 } && plan.formatVersion < .pairs)
    }
    let alone = try plan(costs: costs(1 << 30, without: [.gemmI8Panel]), precision: int8)
    #expect(products(alone).allSatisfy { $0.layout == .panelI8Pairs })
  }

  /// f32x3 is another precision, which nothing but a request brings in; attention stays f32.
  @Test func twoPlanesAreForWhoAsks() throws {
    let plan = try plan(precision: PrecisionAssignment(.f32x3))
    #expect(plan.identity.precision == "f32x3" && plan.formatVersion == .encodings)
    #expect(PrecisionAssignment.base(named: "f32x3, 2 products otherwise") == .f32x3)
    #expect(PrecisionAssignment.base(named: "f32, 2 products otherwise") == .f32)
    for product in products(plan) { #expect(product.layout == .panelBF16x2) }
    #expect(plan.selections.allSatisfy { !$0.kernel.roundsOperands })
    var costs = SyntheticCosts.make(panel: 64)
    let kernels = costs.kernels
    costs.kernels = { kernels($0).filter { $0.planes == 1 } }
    #expect(throws: PlanningError.precisionNotMeasured(.f32x3)) {
      try self.plan(costs: costs, precision: PrecisionAssignment(.f32x3))
    }
  }

  @Test(arguments: [
    (Precision.bf16, WeightLayout.panelBF16), (.int8, .panelI8), (.f32x3, .panelBF16x2),
  ])
  func lowPrecisionProductsReadEncodedRows(precision: Precision, layout: WeightLayout) throws {
    let head = SyntheticModels.head(.mean, kind: .classification, outputs: 3, hidden: 64)
    let plan = try plan(
      facts: SyntheticModels.facts(head: head), precision: PrecisionAssignment(precision))
    let products = products(plan)
    #expect(products.count == 17)
    for product in products.dropLast() {
      #expect(product.layout == layout)
      let encode = try #require(plan.ops.first { $0.kind == .encode && $0.output == product.op.a })
      #expect(product.op.b == encode.output2 && product.op.rows == encode.rows)
    }
    // qkv, output projection and both of the FFN: an encoding each.
    #expect(plan.ops.count { $0.kind == .encode } == 16)
    #expect(products.last?.layout.activation == .f32 && products.last?.op.rows == .one)
  }

  @Test func oneEncodingServesEveryProductOfTheSameRows() throws {
    // Queries, keys and values apart: one encoding, three products.
    let apart = try plan(off: [.fuseQKV], precision: PrecisionAssignment(.int8))
    #expect(apart.ops.count { $0.kind == .gemm } == 24 && apart.ops.count { $0.kind == .encode } == 16)
    // One row of queries, all rows of keys and values: two counts of rows, encoded once where the order allows.
    let cls = SyntheticModels.facts(head: SyntheticModels.head(.cls, hidden: 64))
    let first = try plan(facts: cls, precision: PrecisionAssignment(.bf16))
    let last = first.ops.filter { $0.layer == 4 }
    #expect(last.count { $0.kind == .gemm } == 5)
    #expect(last.count { $0.kind == .encode } <= 5)
  }

  @Test func exceptionsKeepTheirPrecision() throws {
    let names: [String: Precision] = ["layer.2.qkv.weight": .f32, "layer.3.output.weight": .bf16]
    let plan = try plan(precision: PrecisionAssignment(.int8, exceptions: names))
    for product in products(plan) {
      let name = plan.weights.entries[Int(product.op.weight.rawValue)].name
      let expected: WeightLayout =
        names[name] == .f32 ? .panelF32 : names[name] == .bf16 ? .panelBF16 : .panelI8
      #expect(product.layout == expected, "\(name)")
    }
  }

  /// Costs under which all rows' context with its scores is faster, or slower, than apart.
  private func costs(scoredIsFaster: Bool) -> OpCosts {
    var costs = SyntheticCosts.make(panel: 64)
    let predict = costs.predict
    costs.predict = { op, kernel, rows, innerRows in
      var prediction = predict(op, kernel, rows, innerRows)
      if op.kind == .attentionScored {
        prediction.time = scoredIsFaster ? Nanoseconds(1) : Nanoseconds(1 << 40)
        prediction.low = prediction.time
        prediction.high = prediction.time
      }
      return prediction
    }
    return costs
  }

  @Test func scoredAttentionKeepsNoProbabilities() throws {
    let fused = try plan(costs: costs(scoredIsFaster: true), reducing: true)
    let apart = try plan(costs: costs(scoredIsFaster: false), reducing: true)
    let off = try plan(costs: costs(scoredIsFaster: true), reducing: true, off: [.fuseAttentionScores])
    for plan in [apart, off] {
      #expect(plan.ops.count { $0.kind == .attentionScores } == 1)
      #expect(plan.ops.count { $0.kind == .attentionContext } == 1)
      #expect(plan.ops.allSatisfy { $0.kind != .attentionScored })
    }
    let scored = try #require(fused.ops.first { $0.kind == .attentionScored })
    #expect(scored.condition == .ifReduced && scored.rows == scored.innerRows && scored.index.isNone)
    #expect(
      fused.ops.allSatisfy {
        $0.kind != .attentionScores && $0.kind != .attentionContext && $0.kind != .gather
      })
    #expect(fused.arena.slots.allSatisfy { !$0.name.contains("probabilities") })
    #expect(fused.arena.byteCount < apart.arena.byteCount)
    // The projection reads the kept rows where they are, without scratch.
    let projection = try #require(fused.ops.first { $0.kind == .gemm && !$0.index.isNone })
    #expect(projection.a == scored.output && projection.scratch.isNone)
    // BLAS wants them side by side.
    let blas = try plan(costs: costs(scoredIsFaster: true), reducing: true, off: [.kernelSelection])
    #expect(blas.ops.first { $0.kind == .gemm && !$0.index.isNone }?.scratch.isNone == false)
    // Without the fused gather the rows are copied together first.
    let gathered = try plan(costs: costs(scoredIsFaster: true), reducing: true, off: [.fuseGather])
    #expect(gathered.ops.count { $0.kind == .gather } == 2)
    #expect(gathered.ops.allSatisfy { $0.kind != .gemm || $0.index.isNone })
  }

  /// Attention in bf16 serves layers whose queries, keys and values are of low precision, where it is predicted faster.
  @Test func attentionIsRoundedWhereItsProductsAre() throws {
    var costs = costs(scoredIsFaster: true)
    let predict = costs.predict
    costs.predict = { op, kernel, rows, innerRows in
      var prediction = predict(op, kernel, rows, innerRows)
      if kernel.roundsOperands {
        prediction.time = Nanoseconds(prediction.time.rawValue / 2)
        (prediction.low, prediction.high) = (prediction.time, prediction.time)
      }
      return prediction
    }
    let names: [String: Precision] = ["layer.2.qkv.weight": .f32, "layer.3.output.weight": .f32]
    let int8 = PrecisionAssignment(.int8, exceptions: names)
    for reducing in [false, true] {
      let plan = try plan(costs: costs, reducing: reducing, precision: int8)
      #expect(kernels(plan, layer: 1).allSatisfy { $0.roundsOperands })
      #expect(kernels(plan, layer: 2) == [.attentionF32])
      #expect(kernels(plan, layer: 3) == [.attentionBF16])
      let f32 = try self.plan(costs: costs, reducing: reducing)
      #expect((1...4).allSatisfy { kernels(f32, layer: $0).allSatisfy { !$0.roundsOperands } })
    }
    let one = PrecisionAssignment(.f32, exceptions: ["layer.4.qkv.weight": .bf16])
    let last = try plan(costs: costs, precision: one)
    #expect(kernels(last, layer: 4) == [.attentionBF16])
    // Not faster, and with nothing chosen.
    for (costs, off) in [(SyntheticCosts.make(), []), (costs, [PlannerPass.kernelSelection])] {
      let plan = try plan(costs: costs, off: off, precision: int8)
      #expect(kernels(plan, layer: 1) == [.attentionF32])
    }
  }

  @Test func anEncodingTakesOverTheIndex() throws {
    let plan = try plan(
      costs: costs(scoredIsFaster: true), reducing: true, precision: PrecisionAssignment(.int8))
    let scored = try #require(plan.ops.first { $0.kind == .attentionScored })
    let encode = try #require(plan.ops.first { $0.kind == .encode && $0.a == scored.output })
    #expect(!encode.index.isNone && encode.rows == .tokens(after: 1))
    #expect(plan.ops.allSatisfy { $0.kind != .gemm || $0.index.isNone })
  }
}
