import TaperModelSpec
import TaperPlanFormat
import TaperPlanner
import Testing

/// Which encode ops become part of the op that writes what they encode.
@Suite struct FuseEncodingsTests {
  private func plan(
    _ precision: Precision, costs: OpCosts = SyntheticCosts.make(panel: 64),
    facts: EncoderFacts = SyntheticModels.facts(), keeping kept: Int = 1, off: [PlannerPass] = []
  ) throws -> Plan {
    let counts = (1...48).flatMap { n in [n] + (1...4).map { _ in (n + kept - 1) / kept } }
    let request = PlanningRequest(
      .fixed(
        Schedule(
          maximumLength: 48, layerCount: 4, keepCounts: counts.map(UInt16.init), restoresDroppedTokens: false)
      ), maximumLength: 48, precision: PrecisionAssignment(precision), passes: PassSet(disabling: off))
    return try PlanAssembler(request, PlanningInputs(facts: facts, profile: nil, costs: costs)).assemble()
      .plan
  }

  private func count(_ kind: OpKind, _ plan: Plan) -> Int { plan.ops.count { $0.kind == kind } }

  @Test(arguments: [1, 2])
  func normsAndProductsEncode(kept: Int) throws {
    // In each of four layers: qkv, output projection, both products of the FFN.
    for precision in [Precision.bf16, .int8] {
      let apart = try plan(precision, keeping: kept, off: [.fuseEncodings])
      #expect(count(.encode, apart) == 16 && count(.normEncode, apart) == 0)
      let plan = try plan(precision, keeping: kept)
      // All norms but the last one, and the embeddings', whose rows are the first layer's input.
      #expect(count(.normEncode, plan) == 7 && count(.embedEncode, plan) == 1)
      #expect(count(.gemmEncode, plan) == (precision == .bf16 ? 4 : 0))
      #expect(count(.encode, plan) == (precision == .bf16 ? 4 : 8))
      #expect(plan.formatVersion == .encodedEmbeddings)
      #expect(apart.formatVersion < .encodings)
      for op in plan.ops where [.normEncode, .embedEncode].contains(op.kind) {
        // The residual sum reads the rows, products the codes, with their scales.
        let reader = try #require(plan.ops.first { $0.kind.isProduct && $0.a == op.output })
        #expect(reader.b == op.output2 && reader.rows == op.rows)
        #expect(plan.ops.contains { $0.b == op.c })
        #expect((op.kind == .normEncode ? op.table0 : op.bias).isNone == (precision == .bf16))
      }
      for op in plan.ops where op.kind == .gemmEncode {
        #expect(plan.ops.contains { $0.kind == .gemm && $0.a == op.output })
        #expect(op.activation == .gelu)
      }
    }
  }

  @Test func aFusedKernelMustBeMeasuredAndFaster() throws {
    let unmeasured = SyntheticCosts.make(
      panel: 64, kinds: Set(OpKind.allCases).subtracting([.normEncode, .embedEncode, .gemmEncode]))
    var slow = SyntheticCosts.make(panel: 64)
    let predict = slow.predict
    slow.predict = { op, kernel, rows, innerRows in
      var prediction = predict(op, kernel, rows, innerRows)
      if op.kind.definition.encodes, op.kind != .encode {
        prediction.time = Nanoseconds(3 * prediction.time.rawValue + 10_000)
      }
      return prediction
    }
    for costs in [unmeasured, slow] {
      let plan = try plan(.bf16, costs: costs)
      #expect(plan.ops.allSatisfy { !$0.kind.definition.encodes || $0.kind == .encode })
      #expect(count(.encode, plan) == 16)
    }
  }

  /// Where attention of encoded rows is faster, the product before it encodes for it; a result that is read whole, in
  /// every run, is encoded too.
  @Test(arguments: [1, 2]) func attentionReadsEncodedRows(kept: Int) throws {
    var costs = SyntheticCosts.make(panel: 64)
    let (predict, kernels) = (costs.predict, costs.kernels)
    costs.kernels = { kind in
      kernels(kind) + KernelID.all.map(\.id).filter { $0.opKind == kind && $0.readsEncoded }
    }
    costs.predict = { op, kernel, rows, innerRows in
      var prediction = predict(op, kernel, rows, innerRows)
      if kernel.readsEncoded {
        prediction.time = Nanoseconds(prediction.time.rawValue / 2)
        prediction.low = Nanoseconds(prediction.low.rawValue / 2)
      }
      return prediction
    }
    let plan = try plan(.bf16, costs: costs, keeping: kept)
    #expect(plan.formatVersion == .encodedAttention)
    // Where half the tokens are kept, layer 1 has scores and context by ops of their own, which read f32.
    let reading = kept == 1 ? 4 : 3
    #expect(count(.attentionEncode, plan) == reading && count(.gemmEncode, plan) == 4 + reading)
    for op in plan.ops where op.kind == .attentionEncode {
      let writer = try #require(plan.ops.first { $0.output == op.a })
      #expect(writer.kind == .gemmEncode && writer.rows == op.innerRows)
      #expect(writer.columns == 3 * UInt32(op.heads) * op.depth)
      #expect(plan.arena.slots[Int(op.a.slot)].element == .bf16)
      let reader = try #require(plan.ops.first { $0.kind == .gemm && $0.a == op.output })
      #expect(reader.rows == op.rows)
    }
    // Of attention that may not round, none.
    let f32 = try self.plan(.f32, costs: costs, keeping: kept)
    #expect(f32.ops.allSatisfy { !$0.kind.definition.encodes })
    #expect(count(.attention, f32) > 0)
  }

  /// Of a profile that lacks an encoding, the planner says so; and a fused kernel serves where it is the only one.
  @Test func anEncodingMayBeUnmeasured() throws {
    for (precision, missing) in [(Precision.int8, KernelID.encodeI8), (.bf16, .encodeBF16)] {
      var costs = SyntheticCosts.make(panel: 64)
      let kernels = costs.kernels
      costs.kernels = { kernels($0).filter { $0 != missing } }
      #expect(throws: PlanningError.precisionNotMeasured(precision)) { try plan(precision, costs: costs) }
    }
  }

  @Test func rowsThatSomethingElseReadsStay() throws {
    // A product whose result is read in f32 too, here by a residual sum, keeps its encode op; f32 plans have none.
    let f32 = try plan(.f32)
    #expect(f32.ops.allSatisfy { !$0.kind.definition.encodes })
    // Without the fused residual norm, the norm still encodes its own rows.
    let apart = try plan(.bf16, off: [.fuseResidualLayerNorm, .fuseBiasActivation])
    #expect(count(.gemmEncode, apart) == 0 && count(.normEncode, apart) > 0)
  }
}
