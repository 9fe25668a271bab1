/// The figure that tells what answers are worth against the right ones, as `--metric` and `--positive` choose it
/// (specs/planning.md, "Metrics").
public struct AnswerMeasure: Hashable, Sendable {
  public enum Name: String, CaseIterable, Hashable, Sendable {
    /// Share of texts with the right label.
    case accuracy
    /// Matthews correlation of labels.
    case matthews
    /// F1 of one label, the positive one.
    case f1
    /// Spearman's rank correlation of numbers; of embeddings, of the cosine of a pair's two vectors.
    case spearman
  }

  /// Nil: what fits the answers. That is accuracy for labels; for numbers R² of a head that is fitted and Pearson's
  /// correlation of a plan's answers.
  public var name: Name?
  /// The label that F1 is of; nil: the second in the head's order.
  public var positive: String?

  public static let natural = AnswerMeasure()

  public init(_ name: Name? = nil, positive: String? = nil) {
    self.name = name
    self.positive = positive
  }

  /// The name of the label that the figure is of; nil for a figure of all labels.
  /// - Parameter labels: the head's, in output order.
  public func positiveLabel(among labels: [String]) -> String? {
    guard name == .f1 else { return nil }
    return positive ?? (labels.indices.contains(1) ? labels[1] : nil)
  }

  /// The metric of labels that are compared with right ones.
  var ofLabels: AccuracyAudit.Metric {
    switch name {
    case .matthews: .matthews
    case .f1: .f1
    case nil, .accuracy, .spearman: .accuracy
    }
  }

  /// What labels are worth; nil of no texts.
  /// - Parameter labels: the head's, in output order; the confusion may have more.
  public func value(of confusion: Confusion, labels: [String]) -> Double? {
    confusion.total == 0 ? nil : statistic(labels)(confusion)
  }

  /// The 95% interval of `value`: Wilson's for accuracy, the bootstrap's for what is no share of texts.
  public func interval(of confusion: Confusion, labels: [String]) -> ConfidenceInterval {
    ofLabels == .accuracy
      ? .proportion(confusion.right, of: confusion.total)
      : .resampled(confusion, statistic(labels))
  }

  private func statistic(_ labels: [String]) -> (Confusion) -> Double {
    switch ofLabels {
    case .matthews: return \.matthews
    case .f1:
      let positive = positiveLabel(among: labels).flatMap(labels.firstIndex) ?? 1
      return { $0.f1(of: positive) }
    default: return { Double($0.right) / Double($0.total) }
    }
  }
}
