import TaperWorkflow
import Testing

/// What is said when a plan loses too much.
@Suite struct WorkflowErrorTests {
  /// A coefficient of determination has no lower end.
  @Test func negativeAndHugeFiguresAreLegible() {
    func words(_ planned: Double) -> String {
      let accuracy = AccuracyComparison(metric: .determination, dense: -0.0128, planned: planned, count: 9)
      return WorkflowError.accuracyGateFailed(accuracy, allowed: 0.1).description
    }
    #expect(words(-0.0651).contains("found 5.23 (−1.28 dense, −6.51 planned, on 9 texts)"))
    #expect(words(-1e300).contains("found – (−1.28 dense, – planned"))
  }
}
