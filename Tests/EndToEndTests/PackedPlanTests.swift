import CAMXEmulator
import TaperModelSpec
import TaperPlanFormat
import TaperPlanRuntime
import TaperPlanner
import TestSupport
import Testing

/// Packed products and scored attention, run, against the naive encoder that eliminates the same tokens.
@Suite struct PackedPlanTests {
  private typealias Planned = RuntimePlannedTests

  /// The largest absolute difference from the naive encoder over inputs whose choice of tokens is clear by `margin`.
  private func largestError(
    _ loaded: LoadedPlan, _ model: ModelSpec, _ schedule: Schedule, margin: Double, tier: KernelTier? = nil
  ) throws -> Double {
    let naive = try NaiveEncoder(model)
    var session = try Session(loaded, maximumTier: tier)
    var error = 0.0
    var compared = 0
    for length in Planned.lengths {
      let input = Planned.input(model, length, seed: 1)
      let expected = naive.run(
        ids: input.ids, typeIDs: input.typeIDs,
        keepCounts: schedule.retentionConfiguration(length: length).map(Int.init),
        restoresDroppedTokens: loaded.plan.schedule.restoresDroppedTokens)
      guard expected.selectionMargin > margin else { continue }
      try session.run(ids: input.ids, typeIDs: input.typeIDs)
      error = max(error, zip(session.result, expected.output).map { abs(Double($0) - $1) }.max() ?? 0)
      compared += 1
    }
    #expect(compared >= 3, "some inputs have a clear choice of tokens")
    return error
  }

  @Test(arguments: Planned.models, [[]] + PlannerPass.allCases.map { [$0] } + [PlannerPass.allCases])
  func equalsTheNaiveEncoderWithAnyPassOff(name: String, off: [PlannerPass]) throws {
    let model = try Planned.model(name)
    let passes = PassSet(disabling: off)
    for restores in [false, true] {
      let schedule = RuntimeSchedules.make("half", maximumLength: Planned.maximumLength, restores: restores)
      let loaded = try Planned.plan(model, schedule, passes: passes, costs: RuntimeCosts.packed)
      let isPacked = loaded.plan.ops.contains { loaded.plan.weightLayout(of: $0) == .panelF32 }
      #expect(isPacked == passes.contains(.kernelSelection))
      let isScored = loaded.plan.ops.contains { $0.kind == .attentionScored }
      // Disentangled attention has no kernel that gives scores along with the context.
      let fuses = passes.contains(.fuseAttentionScores) && model.form.disentangled == nil
      #expect(isScored == fuses)
      for tier in KernelTier.allCases {
        #expect(try largestError(loaded, model, schedule, margin: 1e-4, tier: tier) < 2e-5)
      }
    }
  }

  /// Tolerances: outputs are logits, scores or unit vectors of order one; bf16 keeps 8 bits, int8 about 7, and
  /// these models are so narrow that no errors average out. Where scores are so near that rounding may choose another
  /// token, there is nothing to compare.
  @Test(arguments: Planned.models, [(Precision.bf16, 0.025), (.int8, 0.12)])
  func lowPrecisionIsNear(name: String, precision: (Precision, Double)) throws {
    let model = try Planned.model(name)
    let margin = precision.0 == .int8 ? 0.05 : 0.02
    // Of a product of two rounded rows the errors add.
    var tolerance = model.form.isGated ? 2 * precision.1 : precision.1
    // Modules after the pooling scale what they read, and its error.
    if model.head.kind == .embedding, model.head.hasDenseSteps { tolerance *= 2 }
    // The product by the vocabulary rounds too; a sum adds the errors of all tokens.
    if model.head.kind == .sparse { tolerance *= model.head.pooling == .sum ? 24 : 4 }
    for scheduleName in ["dense", "half"] {
      let schedule = RuntimeSchedules.make(scheduleName, maximumLength: Planned.maximumLength, restores: true)
      for passes in [PassSet.all, .none] {
        let loaded = try Planned.plan(
          model, schedule, passes: passes, costs: RuntimeCosts.packed, precision: precision.0)
        let layouts = Set(loaded.plan.ops.map { loaded.plan.weightLayout(of: $0) })
        #expect(layouts.contains(precision.0 == .bf16 ? .panelBF16 : .panelI8))
        let rounds = loaded.plan.selections.contains { $0.kernel.roundsOperands }
        // Nor one in bf16.
        #expect(rounds == (passes.contains(.kernelSelection) && model.form.disentangled == nil))
        let error = try largestError(loaded, model, schedule, margin: scheduleName == "dense" ? -1 : margin)
        #expect(error < tolerance, "\(scheduleName)")
        // It is another computation, not the same one.
        #expect(error > 1e-6)
      }
    }
  }

  /// Products of planes on AMX's tiles, by emulation where the CPU has none, and of the same plans on other tiers:
  /// three planes are f32, two are near it.
  @Test(
    .enabled(if: unsafe amx_emulated_table() != nil, "the emulation of AMX needs AVX-512"),
    arguments: ["tiny-bert-classifier", "tiny-mpnet", "tiny-gte"], [(Precision.f32, 2e-5), (.f32x3, 1e-4)])
  func planesOnTiles(name: String, precision: (Precision, Double)) throws {
    let model = try Planned.model(name)
    let naive = try NaiveEncoder(model)
    for scheduleName in ["dense", "half"] {
      let schedule = RuntimeSchedules.make(scheduleName, maximumLength: Planned.maximumLength, restores: true)
      let loaded = try Planned.plan(
        model, schedule, costs: RuntimeCosts.planes, precision: precision.0)
      let layouts = loaded.plan.ops.filter { $0.kind == .gemm }.map(loaded.plan.weightLayout)
      #expect(layouts.contains(precision.0 == .f32 ? .panelBF16x3 : .panelBF16x2))
      #expect(!TiledSlots.find(in: loaded.plan).isEmpty)
      guard let emulated = unsafe amx_emulated_table() else { return }
      var session = try unsafe Session(loaded, threads: 2, table: emulated)
      var compared = 0
      for length in [1, 5, 16, 17, 24] {
        let input = Planned.input(model, length, seed: 1)
        let expected = naive.run(
          ids: input.ids, typeIDs: input.typeIDs,
          keepCounts: schedule.retentionConfiguration(length: length).map(Int.init),
          restoresDroppedTokens: loaded.plan.schedule.restoresDroppedTokens)
        guard scheduleName == "dense" || expected.selectionMargin > 1e-3 else { continue }
        try session.run(ids: input.ids, typeIDs: input.typeIDs)
        let error = zip(session.result, expected.output).map { abs(Double($0) - $1) }.max() ?? 1
        #expect(error < precision.1, "\(scheduleName), \(length) tokens")
        compared += 1
      }
      #expect(compared > 0)
      for tier in KernelTier.allCases {
        #expect(try largestError(loaded, model, schedule, margin: 1e-3, tier: tier) < precision.1)
      }
    }
  }

  /// Products of two bf16 planes are near those of f32, and attention is that of f32.
  @Test(arguments: Planned.models)
  func twoPlanesAreNearerThanOne(name: String) throws {
    let model = try Planned.model(name)
    for scheduleName in ["dense", "half"] {
      let schedule = RuntimeSchedules.make(scheduleName, maximumLength: Planned.maximumLength, restores: true)
      let loaded = try Planned.plan(model, schedule, costs: RuntimeCosts.packed, precision: .f32x3)
      #expect(loaded.plan.ops.contains { loaded.plan.weightLayout(of: $0) == .panelBF16x2 })
      #expect(loaded.plan.selections.allSatisfy { !$0.kernel.roundsOperands })
      // A sparse answer comes out of one more product, by the vocabulary; a sum adds the errors of all tokens.
      let isSparse = model.head.kind == .sparse
      let tolerance = isSparse ? (model.head.pooling == .sum ? 24e-4 : 4e-4) : 1e-4
      for tier in KernelTier.allCases {
        #expect(try largestError(loaded, model, schedule, margin: 1e-3, tier: tier) < tolerance)
      }
    }
  }

  @Test(arguments: Planned.models, [Precision.f32, .f32x3, .bf16, .int8])
  func isBitIdenticalForAnyThreadsAndParts(name: String, precision: Precision) throws {
    let model = try Planned.model(name)
    let schedule = RuntimeSchedules.make("half", maximumLength: Planned.maximumLength, restores: true)
    var first: [Int: [UInt32]] = [:]
    for planned in [1, 4] {
      let loaded = try Planned.plan(
        model, schedule, threads: planned, costs: RuntimeCosts.packed, precision: precision)
      for threads in 1...planned {
        var session = try Session(loaded, threads: threads)
        for length in Planned.lengths {
          let input = Planned.input(model, length, seed: 2)
          try session.run(ids: input.ids, typeIDs: input.typeIDs)
          let bits = session.result.map(\.bitPattern)
          #expect(bits == first[length, default: bits], "\(planned), \(threads) threads, \(length) tokens")
          first[length] = bits
        }
      }
    }
  }
}
