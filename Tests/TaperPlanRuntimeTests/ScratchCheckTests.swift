import TaperPlanFormat
import TaperPlanRuntime
import TestSupport
import Testing

/// A plan is loaded only when its scratch suffices for the kernels of this program.
@Suite struct ScratchCheckTests {
  /// As if a block of attention had been enlarged after the plan was made: the validator's rule still holds.
  @Test func kernelThatNeedsMoreThanThePlanProvides() throws {
    let plan = ToyPlan(keep: { ($0 + 1) / 2 }).plan
    try ScratchCheck.run(plan)
    let error = #expect(throws: RuntimeError.self) {
      try ScratchCheck.run(plan) { kernel, rows, innerRows, depth in
        let needed = ScratchCheck.need(kernel, rows: rows, innerRows: innerRows, depth: depth)
        return kernel == .attentionF32 ? 2 * needed : needed
      }
    }
    #expect(error == .scratchTooSmall(op: 6, kernel: .attentionF32, expected: 2 * 64 * 48, found: 64 * 48))
    #expect(error?.exitCode == 4)
  }

  /// A selection by threshold may keep any number of rows, and a product that an index feeds copies them all. The
  /// validator's walks see all rows kept (nothing is copied) and one.
  @Test func rowsThatASelectionByThresholdKeeps() throws {
    var toy = ToyPlan(keep: { $0 })
    let select = 3
    for number in 2...4 { toy.plan.ops[number].condition = .always }
    toy.plan.ops[select].kind = .selectAbove
    toy.plan.selections[select].kernel = .selectAboveF32
    let product = 8
    toy.plan.ops[product].a = toy.plan.ops[2].a
    toy.plan.ops[product].index = toy.plan.ops[select].output
    toy.plan.ops[product].scratch = toy.plan.ops[select].scratch
    toy.plan.ops[product].scratchStride = UInt32(ToyPlan.hidden)
    try PlanValidator.validate(toy.plan)
    let needed = 40 * ToyPlan.hidden
    let error = #expect(throws: RuntimeError.self) {
      try LoadedPlan(plan: toy.plan, weightBytes: toy.weightBytes)
    }
    #expect(
      error
        == .scratchTooSmall(
          op: product, kernel: .gemmF32OpenBLAS, expected: needed, found: ToyPlan.hidden))
    toy.plan.ops[product].scratchStride = UInt32(needed)
    _ = try LoadedPlan(plan: toy.plan, weightBytes: toy.weightBytes)
  }
}
