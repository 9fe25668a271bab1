public import TaperPlanFormat

/// What texts did at a plan's halting points, compared with what the plan predicts.
public struct HaltingAudit: Hashable, Sendable {
  /// The audited texts: where they ended, and their measured times, one run each.
  public let measured: HaltingDepths
  /// The plan's times for runs of those lengths and depths, and of the counts that selectors left.
  public let predicted: ExpectedTime?
  /// What the calibration's texts did when the plan was made; nil when it was made without.
  public let expected: HaltingDepths?

  /// Labels that differ from those of runs to the last layer: none, unless the plan is capped.
  public let changedLabels: Int

  public init(
    measured: HaltingDepths, predicted: ExpectedTime?, expected: HaltingDepths?, changedLabels: Int
  ) {
    self.measured = measured
    self.predicted = predicted
    self.expected = expected
    self.changedLabels = changedLabels
  }
}
