import TaperBase
import TaperPlanFormat
import TaperPlanner
import TaperWorkflow
import Testing

@Suite struct PlanProgressTests {
  let taper = TaperProgram()

  /// Search, refit and comparison are one bar: it ends at the end, not after the first of them.
  @Test func coversEveryStageAndNeverGoesBack() throws {
    let (compiler, samples) = try taper.compiler()
    for method in [CompileMethod.acc(), .search(.tight)] {
      let request = CompileRequest(
        try CompileGoal(.reach(.workSpeedup(1.5)), method: method),
        options: CompileOptions(maximumLength: 24, refitsHead: true), gate: AccuracyGate(maximumDrop: 1))
      var (stages, fractions): ([String], [Double]) = ([], [])
      let outcome = try compiler.compile(request, refit: samples) {
        stages.append($0)
        fractions.append($1)
      }
      #expect(fractions == fractions.sorted())
      #expect(fractions.last == 1 && fractions.filter { $0 == 1 }.count == 1)
      #expect(stages.count { $0.hasPrefix("search, round") } == outcome.trials.count)
      // The reduced encoder's run and the dense one's.
      #expect(stages.count { $0.hasPrefix("features of the reduced encoder, text") } == 40)
      #expect(stages.count { $0.hasPrefix("features of the dense encoder, text") } == 40)
    }
  }
}
