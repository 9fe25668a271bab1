/// How much a plan gives away against the dense model, on texts neither was fitted on.
public struct AccuracyComparison: Hashable, Sendable {
  public enum Metric: String, Hashable, Sendable {
    /// Share of held-out labels got right.
    case accuracy
    /// Coefficient of determination on held-out numbers.
    case determination = "r2"
    /// Share of texts on which the plan gives the dense model's answer (labels), or the mean cosine (embeddings).
    case agreement
  }

  public var metric: Metric
  public var dense: Double
  public var planned: Double
  /// Texts compared.
  public var count: Int

  public init(metric: Metric, dense: Double, planned: Double, count: Int) {
    self.metric = metric
    self.dense = dense
    self.planned = planned
    self.count = count
  }

  /// Share lost, never below zero: 0.0075 is 0.75 points.
  public var drop: Double { max(0, dense - planned) }
}
