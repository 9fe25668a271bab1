import CAMXEmulator
import TaperModelSpec
import TaperPlanFormat
import TaperPlanRuntime
import TaperPlanner
import TestSupport
import Testing

/// Plans of low precision on AMX (emulated where the CPU has none), whose encoded activations lie in tiles.
@Suite(
  .enabled(if: unsafe amx_emulated_table() != nil, "SKIPPED: neither AMX nor the AVX-512 of its emulation"))
struct TiledPlanTests {
  private typealias Planned = RuntimePlannedTests
  private static let models = ["tiny-bert-classifier", "tiny-mpnet", "tiny-nomic-bert", "tiny-splade"]

  private func plan(
    _ model: ModelSpec, _ scheduleName: String, _ precision: Precision, costs: OpCosts = RuntimeCosts.packed
  ) throws -> (plan: Plan, weights: [UInt8]) {
    let schedule = RuntimeSchedules.make(scheduleName, maximumLength: Planned.maximumLength, restores: true)
    let request = PlanningRequest(
      .fixed(schedule), maximumLength: Planned.maximumLength, threads: 2,
      precision: PrecisionAssignment(precision), restoresDroppedTokens: true)
    let planned = try RuntimeCosts.plan(request, model, costs: costs)
    return (planned.plan, try planned.materializedWeights())
  }

  private func encoded(_ plan: Plan) -> Set<UInt16> {
    Set(plan.ops.filter { $0.kind.definition.encodes }.map(\.output.slot))
  }

  /// As plans were written before tiles: encoded slots with room for rows alone.
  private func withoutRoom(_ plan: Plan) -> Plan {
    var plan = plan
    for number in encoded(plan).map(Int.init) {
      let slot = plan.arena.slots[number]
      let rows = (1...plan.schedule.maximumLength).map { plan.schedule.value(of: slot.rows, length: $0) }
      let elements = (rows.max() ?? 1) * Int(slot.columns)
      plan.arena.slots[number].byteCount = Bytes(UInt64(elements * slot.element.byteCount))
    }
    return plan
  }

  private func answers(_ loaded: LoadedPlan, _ model: ModelSpec, threads: Int) throws -> [[UInt32]] {
    var session = try unsafe Session(loaded, threads: threads, table: amx_emulated_table()!)
    #expect(session.tier == .amx)
    return try Planned.lengths.map { length in
      let input = Planned.input(model, length, seed: 5)
      try session.run(ids: input.ids, typeIDs: input.typeIDs)
      return session.result.map(\.bitPattern)
    }
  }

  @Test(arguments: models, [Precision.bf16, .int8, .f32x3])
  func tilesAndRowsGiveTheSameBits(name: String, precision: Precision) throws {
    let model = try Planned.model(name)
    for scheduleName in ["dense", "half"] {
      let (plan, weights) = try plan(model, scheduleName, precision)
      #expect(!encoded(plan).isEmpty && TiledSlots.find(in: plan) == encoded(plan))
      let old = withoutRoom(plan)
      #expect(TiledSlots.find(in: old).isEmpty)
      let tiled = try LoadedPlan(plan: plan, weightBytes: weights)
      let inTiles = try answers(tiled, model, threads: 1)
      #expect(try answers(tiled, model, threads: 2) == inTiles, "\(scheduleName), two threads")
      let rows = try LoadedPlan(plan: old, weightBytes: weights)
      #expect(try answers(rows, model, threads: 1) == inTiles, "\(scheduleName), rows")
    }
  }

  /// Attention of encoded rows gives the bits of attention that rounds its operands, on every tier and in tiles.
  @Test(arguments: models) func attentionOfEncodedRowsGivesTheSameBits(name: String) throws {
    let model = try Planned.model(name)
    for scheduleName in ["dense", "half"] {
      let apart = try plan(model, scheduleName, .bf16)
      let fused = try plan(model, scheduleName, .bf16, costs: RuntimeCosts.encoded)
      // Rotary positions are an op between the product and attention.
      let kinds = Set(fused.plan.ops.map(\.kind))
      let reads = !kinds.isDisjoint(with: [.encodedAttention, .attentionEncode])
      #expect(reads == model.form.layers.allSatisfy { $0.rotaryTheta == nil })
      #expect(kinds.contains(.encodedAttentionScored) == (reads && scheduleName == "half"))
      #expect(TiledSlots.find(in: fused.plan) == encoded(fused.plan))
      let (plain, loaded) = (
        try LoadedPlan(plan: apart.plan, weightBytes: apart.weights),
        try LoadedPlan(plan: fused.plan, weightBytes: fused.weights)
      )
      let wanted = try answers(plain, model, threads: 1)
      #expect(try answers(loaded, model, threads: 1) == wanted, "\(scheduleName)")
      #expect(try answers(loaded, model, threads: 2) == wanted, "\(scheduleName), two threads")
      let rows = try LoadedPlan(plan: withoutRoom(fused.plan), weightBytes: fused.weights)
      #expect(try answers(rows, model, threads: 2) == wanted, "\(scheduleName), rows")
      for tier in KernelTier.allCases {
        var a = try Session(plain, maximumTier: tier)
        var b = try Session(loaded, maximumTier: tier)
        for length in Planned.lengths {
          let input = Planned.input(model, length, seed: 6)
          try a.run(ids: input.ids, typeIDs: input.typeIDs)
          try b.run(ids: input.ids, typeIDs: input.typeIDs)
          #expect(a.result.map(\.bitPattern) == b.result.map(\.bitPattern), "\(tier), \(length) tokens")
        }
      }
    }
  }

  /// What keeps a slot from lying in tiles.
  @Test func readersAndWritersMustAgree() throws {
    let (plan, _) = try plan(Planned.model("tiny-bert-classifier"), "dense", .bf16)
    let encode = try #require(plan.ops.firstIndex { $0.kind == .encode })
    let slot = plan.ops[encode].output.slot
    let reader = try #require(plan.ops.firstIndex { $0.kind == .gemm && $0.a.slot == slot })
    func isTiled(_ change: (inout Plan) -> Void) -> Bool {
      var changed = plan
      change(&changed)
      return TiledSlots.find(in: changed).contains(slot)
    }
    #expect(isTiled { _ in })
    #expect(isTiled { $0.ops[reader].rows = .one })
    #expect(!isTiled { $0.ops[reader].rows = .tokens(after: 2) })
    #expect(!isTiled { $0.ops[reader].index = Operand(slot: slot) })
    #expect(!isTiled { $0.ops[reader].a.offset = 64 })
    #expect(!isTiled { $0.ops[reader].depth -= 1 })
    #expect(!isTiled { $0.arena.slots[Int(slot)].byteCount = Bytes(64) })
    #expect(!isTiled { $0.ops[encode].kind = .add })
    #expect(
      !isTiled { $0.ops.insert(PlanOp(.selectAbove, layer: 0, rows: .one, columns: 1), at: encode + 1) })
  }
}
