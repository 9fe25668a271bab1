/// How good the plan's answers are, as an audit or a sweep measures it: against the right ones, where known, and
/// against the dense model's. (`AccuracyComparison` is what planning compares and gates on, `AccuracyEvidence` what a
/// plan stores.)
public struct AccuracyAudit: Hashable, Sendable {
  public enum Metric: String, CaseIterable, Hashable, Sendable {
    /// Share of texts answered with the right label; for a multi-label head, with that label and no other.
    case accuracy
    /// Matthews correlation of labels with the right ones.
    case matthews
    /// F1 of one label, `positive`.
    case f1
    /// Pearson's correlation with the right numbers.
    case pearson
    /// Spearman's rank correlation with the right numbers: of a head's numbers, or of the cosines of pairs.
    case spearman
    /// No right answers are known: only the agreement counts.
    case agreement
    /// As `agreement`, of embeddings: mean cosine with the dense model's.
    case cosine
  }

  public let metric: Metric
  /// The label that `f1` is of; nil for another metric.
  public let positive: String?
  /// The metric of the dense model's answers, nil where they or the right ones are not known.
  public let dense: Double?
  /// The metric of the plan's answers, nil where the right ones are not known.
  public let planned: Double?
  /// Of `planned`, else of `agreement`.
  public let interval: ConfidenceInterval
  /// Plan with dense model: share of equal labels, correlation of numbers, or mean cosine; nil without
  /// references.
  public let agreement: Double?
  /// Texts, or pairs of texts, that the metric is over.
  public let count: Int
  /// Texts whose label differs from the dense model's, the first `maximumFlips` of them.
  public let flips: [FlippedAnswer]
  public let flipCount: Int

  public static let maximumFlips = 20

  public init(
    metric: Metric, positive: String? = nil, dense: Double?, planned: Double?, interval: ConfidenceInterval,
    agreement: Double?, count: Int, flips: [FlippedAnswer] = [], flipCount: Int = 0
  ) {
    self.metric = metric
    self.positive = positive
    self.dense = dense
    self.planned = planned
    self.interval = interval
    self.agreement = agreement
    self.count = count
    self.flips = flips
    self.flipCount = flipCount
  }
}
