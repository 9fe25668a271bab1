public import TaperAuditor
public import TaperPlanFormat

/// How much a plan gives away against the dense model, on texts neither was fitted on.
public struct AccuracyComparison: Hashable, Sendable {
  public var metric: AccuracyEvidence.Metric
  public var dense: Double
  public var planned: Double
  /// 95%, of `planned`; nil for a metric that has none.
  public var interval: ConfidenceInterval?
  /// Texts compared.
  public var count: Int
  /// Texts to which the plan gives another label than the dense model, the first `AccuracyAudit.maximumFlips` of them.
  public var flips: [FlippedAnswer]
  public var flipCount: Int

  public init(
    metric: AccuracyEvidence.Metric, dense: Double, planned: Double, interval: ConfidenceInterval? = nil,
    count: Int,
    flips: [FlippedAnswer] = []
  ) {
    self.metric = metric
    self.dense = dense
    self.planned = planned
    self.interval = interval
    self.count = count
    self.flips = Array(flips.prefix(AccuracyAudit.maximumFlips))
    flipCount = flips.count
  }

  /// Share lost, never below zero: 0.0075 is 0.75 points.
  public var drop: Double { max(0, dense - planned) }
}
