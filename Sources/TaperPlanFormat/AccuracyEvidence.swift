/// How accurate a plan was when it was made, with the uncertainty of that figure.
public struct AccuracyEvidence: Hashable, Sendable {
  public enum Metric: UInt8, CaseIterable, Hashable, Sendable {
    /// Share of labels predicted correctly.
    case accuracy = 0
    /// How far answers equal the dense model's: the share of texts (or tokens) with the same label, Pearson's
    /// correlation for numbers, or the mean cosine for embeddings.
    case agreement = 1
    /// Coefficient of determination, for numbers.
    case determination = 2
    /// Matthews correlation of labels with the right ones.
    case matthews = 3
    /// F1 of one label, `positive`.
    case f1 = 4
    /// Spearman's rank correlation with the right numbers.
    case spearman = 5

    /// The first format that has it.
    var since: FormatVersion {
      switch self {
      case .accuracy, .agreement, .determination: .evidenced
      case .matthews, .f1, .spearman: .metrics
      }
    }
  }

  /// The texts that it was measured on.
  public enum Source: UInt8, CaseIterable, Hashable, Sendable {
    /// Labelled texts that the head was not fitted on.
    case heldOut = 0
    /// The calibration's texts.
    case calibration = 1
  }

  public var metric: Metric
  /// The label that `f1` is of; nil for another metric.
  public var positive: String?
  public var source: Source
  public var texts: UInt32
  public var planned: Float
  /// The dense model's figure on the same texts; nil when it was not measured.
  public var dense: Float?
  /// The 95% confidence interval of `planned`; nil for a metric that has none.
  public var interval: Interval?

  public struct Interval: BitwiseCopyable, Hashable, Sendable {
    public var low: Float
    public var high: Float
    public init(low: Float, high: Float) {
      self.low = low
      self.high = high
    }
  }

  public init(
    metric: Metric, positive: String? = nil, source: Source, texts: Int, planned: Float, dense: Float? = nil,
    interval: Interval? = nil
  ) {
    self.metric = metric
    self.positive = positive
    self.source = source
    self.texts = UInt32(texts)
    self.planned = planned
    self.dense = dense
    self.interval = interval
  }
}
