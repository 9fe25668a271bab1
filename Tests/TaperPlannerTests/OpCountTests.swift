import TaperModelSpec
import TaperPlanFormat
import TaperPlanner
import Testing

/// What each pass does to the op list, op by op.
@Suite struct OpCountTests {
  private let length = 48

  private func plan(
    _ facts: EncoderFacts, reducing: Bool = false, off: [PlannerPass] = [], restores: Bool = true,
    configure: (inout PlanningRequest) -> Void = { _ in }
  ) throws -> Plan {
    var request = PlanningRequest(maximumLength: length, threads: 2, passes: PassSet(disabling: off))
    request.restoresDroppedTokens = restores
    if reducing {
      // Layers 2 and 4 drop a third of the tokens of inputs above eight; layers 1 and 3 nothing.
      var counts: [UInt16] = []
      for tokens in 1...length {
        var current = tokens
        counts.append(UInt16(current))
        for layer in 1...facts.layers {
          if layer % 2 == 0, tokens > 8 { current -= current / 3 }
          counts.append(UInt16(current))
        }
      }
      request.method = .fixed(
        Schedule(
          maximumLength: length, layerCount: facts.layers, keepCounts: counts, restoresDroppedTokens: false))
    }
    configure(&request)
    return try PlanAssembler(
      request, PlanningInputs(facts: facts, profile: nil, costs: SyntheticCosts.make())
    )
    .assemble().plan
  }

  private func count(_ plan: Plan, _ kind: OpKind) -> Int { plan.ops.count { $0.kind == kind } }

  @Test func denseOpsByPass() throws {
    let facts = SyntheticModels.facts()
    // Embedding; 4 layers of qkv, attention, projection, norm, two FFN products, norm; mean; L2.
    #expect(try plan(facts).ops.count == 1 + 4 * 7 + 2)
    // Embedding and its norm; 6 products, 6 biases, attention, 2 sums, 2 norms a layer; mean; L2.
    #expect(try plan(facts, off: PlannerPass.allCases).ops.count == 2 + 4 * 17 + 2)
    #expect(try plan(facts, off: [.fuseQKV]).ops.count == 1 + 4 * 9 + 2)
    // Bias apart for q, k, v and the intermediate product; the other two go into the norms all the same.
    #expect(try plan(facts, off: [.fuseBiasActivation]).ops.count == 1 + 4 * 11 + 2)
    // Sum and norm apart, biases of all products inside them.
    #expect(try plan(facts, off: [.fuseResidualLayerNorm]).ops.count == 2 + 4 * 9 + 2)
    for pass in [PlannerPass.inPlace, .arenaPlanning, .tileRounding, .kernelSelection, .deadRowElimination] {
      #expect(try plan(facts, off: [pass]).ops.count == 31, "\(pass.name)")
    }
  }

  @Test func eliminationOps() throws {
    let facts = SyntheticModels.facts()
    let fused = try plan(facts, reducing: true)
    // Two layers have scores, select, scatter, context and compose besides; iota first, a last scatter before the mean.
    // Nobody asks for positions after the last scatter, which needs layer 4's.
    #expect(fused.ops.count == 31 + 2 * 5 + 2)
    #expect(fused.ops.count { $0.condition == .ifNotReduced } == 2)
    #expect(fused.ops.count { $0.condition == .ifReduced } == 10)
    #expect(fused.schedule.restoresDroppedTokens)
    #expect(count(fused, .gather) == 0)
    // Without restoring or relative bias nobody needs positions.
    let dropped = try plan(facts, reducing: true, restores: false)
    #expect(dropped.ops.count == 31 + 2 * 3)
    #expect(!dropped.schedule.restoresDroppedTokens)
    #expect(dropped.ops.allSatisfy { $0.origin.isNone })
    // Kept rows of context and input gathered in each of the two layers.
    #expect(count(try plan(facts, reducing: true, off: [.fuseGather]), .gather) == 4)
    #expect(try plan(facts, reducing: true, off: [.fuseGather]).ops.count == 43 + 4)
  }

  @Test func relativeBiasFollowsTheTokens() throws {
    let plan = try plan(SyntheticModels.facts(relativeBias: true), reducing: true, restores: false)
    let scored = plan.ops.filter { !$0.bias.isNone && [.attention, .attentionScores].contains($0.kind) }
    // Positions are rows until layer 2 has dropped some; layer 3 drops none and needs them all the same.
    for op in scored { #expect(op.origin.isNone == (op.layer <= 2), "layer \(op.layer)") }
    #expect(Set(scored.map(\.layer)) == [1, 2, 3, 4])
    #expect(scored.allSatisfy { $0.extent == 48 })
    // Layer 4's choice moves no one's positions any more.
    #expect(count(plan, .compose) == 1)
    let bias = try #require(plan.weights.entries.first { $0.name == "relative_bias" })
    #expect(bias.shape == [4, 95])
  }

  @Test func onlyTheFirstRowOfTheLastLayer() throws {
    let facts = SyntheticModels.facts(head: SyntheticModels.head(.cls, normalized: true, hidden: 64))
    for reducing in [false, true] {
      let plan = try plan(facts, reducing: reducing)
      let last = plan.ops.filter { $0.layer == 4 }
      // Queries by themselves, keys and values together; no elimination, since nobody would see it.
      #expect(last.map(\.kind) == [.gemm, .gemm, .attention, .gemm, .layerNorm, .gemm, .gemm, .layerNorm])
      #expect(last.filter { $0.rows != .one }.map(\.columns) == [128])
      #expect(last.allSatisfy { $0.condition == .always })
      let whole = try self.plan(facts, reducing: reducing, off: [.deadRowElimination])
      let lengths = zip(plan.predictions.lengths, whole.predictions.lengths)
      #expect(lengths.dropFirst().allSatisfy { $0.planned.work < $1.planned.work })
    }
  }

  @Test func stackedWeights() throws {
    let plan = try plan(SyntheticModels.facts())
    let names = plan.weights.entries.map(\.name)
    #expect(names.contains("layer.1.qkv.weight") && !names.contains("layer.1.query.weight"))
    let stacked = try #require(plan.weights.entries.first { $0.name == "layer.4.qkv.weight" })
    #expect(stacked.shape == [192, 64])
    let attention = try #require(plan.ops.first { $0.kind == .attention })
    #expect([attention.a.offset, attention.b.offset, attention.c.offset] == [0, 64, 128])
    #expect([attention.a.leading, attention.b.leading, attention.c.leading] == [192, 192, 192])
  }

  @Test func theArenaShrinksPassByPass() throws {
    let facts = SyntheticModels.facts()
    let apart = try plan(facts, reducing: true, off: [.arenaPlanning]).arena
    let shared = try plan(facts, reducing: true, off: [.inPlace]).arena
    let inPlace = try plan(facts, reducing: true).arena
    #expect(shared.byteCount.rawValue * 3 < apart.byteCount.rawValue)
    #expect(inPlace.byteCount <= shared.byteCount)
    #expect(inPlace.slots.count < shared.slots.count)
  }

  @Test func instrumentationKeepsItsSlots() throws {
    let facts = SyntheticModels.facts(
      head: SyntheticModels.head(.mean, kind: .classification, outputs: 3, hidden: 64))
    let plan = try plan(facts) { $0.instrumentation = [.importance, .hiddenStates, .features] }
    let expected =
      (1...4).map { "importance.\($0)" } + (0...4).map { "hidden.\($0)" } + ["features", "result"]
    let kept = plan.arena.slots.filter { $0.lastOp == .max }
    #expect(Set(kept.map(\.name)) == Set(expected))
    #expect(kept.count == expected.count)
    let importance = try #require(kept.first { $0.name == "importance.2" })
    #expect(importance.byteCount == Bytes(UInt64(4 * 48 * 4)))
    #expect(count(plan, .attention) == 0)
    #expect(throws: PlanningError.importanceNeedsDense) {
      try self.plan(facts, reducing: true) { $0.instrumentation = .importance }
    }
    // Every layer's states are asked for: no row is dead.
    let cls = SyntheticModels.facts(head: SyntheticModels.head(.cls, hidden: 64))
    let observed = try self.plan(cls) { $0.instrumentation = .hiddenStates }
    #expect(
      observed.ops.filter { $0.layer == 4 }.allSatisfy {
        $0.rows == .tokens(after: 4) || $0.rows == .tokens(after: 3)
      })
  }

  @Test func aRefittedHeadStandsOnThePooledFeatures() throws {
    let head = HeadOverride(
      weight: [Float](repeating: 0, count: 128), bias: [0, 0], labels: ["no", "yes"])
    let plan = try plan(SyntheticModels.facts()) { $0.headOverride = head }
    #expect(plan.head.kind == .classification && plan.head.labels == ["no", "yes"])
    #expect(plan.ops.suffix(4).map(\.kind) == [.mean, .l2Normalize, .gemm, .softmax])
    #expect(plan.weights.entries.suffix(2).map(\.shape) == [[2, 64], [2]])
    #expect(throws: PlanningError.headShapeMismatch(expectedWeights: 128, foundWeights: 127, labels: 2)) {
      try self.plan(SyntheticModels.facts()) {
        $0.headOverride = HeadOverride(
          weight: [Float](repeating: 0, count: 127), bias: [0, 0], labels: ["no", "yes"])
      }
    }
  }

  @Test func kernelsAreSelectedByPredictedTime() throws {
    let plan = try plan(SyntheticModels.facts())
    #expect(plan.selections.allSatisfy { $0.kernel != .gemmF32Scalar })
    #expect(plan.selections.count == plan.ops.count)
    // A scalar kernel that is faster up to four rows is chosen up to four rows.
    var costs = SyntheticCosts.make()
    let predict = costs.predict
    costs.predict = { op, kernel, rows, innerRows in
      var prediction = predict(op, .gemmF32OpenBLAS, rows, innerRows)
      if kernel == .gemmF32Scalar {
        prediction.time = rows <= 4 ? .zero : Nanoseconds(prediction.time.rawValue * 2)
        prediction.low = .zero
        prediction.high = Nanoseconds(prediction.time.rawValue * 2)
      }
      return prediction
    }
    let request = PlanningRequest(maximumLength: 48)
    let mixed = try PlanAssembler(
      request, PlanningInputs(facts: SyntheticModels.facts(), profile: nil, costs: costs)
    ).assemble().plan
    let product = try #require(mixed.ops.firstIndex { $0.kind == .gemm })
    let selections = mixed.selections.filter { Int($0.op) == product }
    #expect(selections.map(\.kernel) == [.gemmF32Scalar, .gemmF32OpenBLAS])
    #expect(selections.map(\.maximumRows) == [4, .max])
    var unselected = request
    unselected.passes.disable(.kernelSelection)
    let portable = try PlanAssembler(
      unselected, PlanningInputs(facts: SyntheticModels.facts(), profile: nil, costs: costs)
    ).assemble().plan
    #expect(portable.selections.allSatisfy { $0.kernel != .gemmF32Scalar })
  }

  @Test func sameInputsSamePlan() throws {
    for (_, facts) in SyntheticModels.all where facts.layers == 4 {
      let first = try plan(facts, reducing: true)
      let second = try plan(facts, reducing: true)
      #expect(first == second)
      #expect(PlanText.render(first) == PlanText.render(second))
    }
  }
}
