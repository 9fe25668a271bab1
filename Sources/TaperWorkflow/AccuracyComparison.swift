public import TaperAuditor
public import TaperPlanFormat

/// How much a plan gives away against the dense model, on texts neither was fitted on.
public struct AccuracyComparison: Hashable, Sendable {
  public var metric: AccuracyEvidence.Metric
  /// The label that `f1` is of; nil for another metric.
  public var positive: String?
  public var dense: Double
  public var planned: Double
  /// 95%, of `planned`; nil for a metric that has none.
  public var interval: ConfidenceInterval?
  /// Texts compared.
  public var count: Int
  /// Tokens of the longest of them; nil: not known.
  public var longestText: Int?
  /// Texts to which the plan gives another label than the dense model, the first `AccuracyAudit.maximumFlips` of them.
  public var flips: [FlippedAnswer]
  public var flipCount: Int

  public init(
    metric: AccuracyEvidence.Metric, positive: String? = nil, dense: Double, planned: Double,
    interval: ConfidenceInterval? = nil, count: Int, longestText: Int? = nil, flips: [FlippedAnswer] = []
  ) {
    self.metric = metric
    self.positive = positive
    self.dense = dense
    self.planned = planned
    self.interval = interval
    self.count = count
    self.longestText = longestText
    self.flips = Array(flips.prefix(AccuracyAudit.maximumFlips))
    flipCount = flips.count
  }

  /// What one text more or less that is right changes; 0 for a metric that is no share of texts.
  public var step: Double { metric == .accuracy ? 1 / Double(max(1, count)) : 0 }

  /// What of the metric is lost, never below zero: 0.0075 is 0.75 points.
  public var drop: Double { max(0, dense - planned) }
}
