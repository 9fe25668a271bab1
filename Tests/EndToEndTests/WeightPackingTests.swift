import TaperBase
import TaperPlanFormat
import TaperPlanRuntime
import TaperPlanner
import TaperWorkflow
import TestSupport
import Testing

/// A compiler reads and packs each tensor once, however often its plans are run and written.
@Suite struct WeightPackingTests {
  let taper = TaperProgram()

  /// Both ways to treat dropped tokens are run, the one taken is judged and run for its canaries, and written.
  @Test func aPlanPacksEachTensorOnce() throws {
    let (compiler, _) = try taper.compiler()
    #expect(compiler.pool.packings == 0)
    let request = CompileRequest(
      try CompileGoal(.reach(.workSpeedup(1.5)), method: .acc()),
      options: CompileOptions(maximumLength: 24), gate: AccuracyGate(maximumDrop: 1))
    let planned = try compiler.compile(request, refit: nil) { _, _ in }.planned
    let written = try PlanWriter.write(
      planned.plan, to: taper.path("a.plan"), weights: planned.weightSource)
    #expect(written.weights.digest != .zero)
    #expect(compiler.pool.packings == written.weights.entries.count)
  }

  @Test func aSweepPacksEachTensorOnce() throws {
    let (compiler, _) = try taper.compiler()
    let request = Sweep.Request(
      options: CompileOptions(maximumLength: 24), methods: [.acc()], factors: [1.2, 1.5], isInWork: true)
    let candidates = try Sweep(compiler).candidates(
      request, refit: nil, search: { PlanCompiler.SearchOptions() }, progress: { _, _ in })
    #expect(candidates.count > 1)
    let plans = try Sweep.write(candidates, to: taper.folder.path)
    #expect(compiler.pool.packings == plans[0].plan.weights.entries.count)
  }
}
