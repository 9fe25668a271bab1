/// What a plan's answers were worth when it was made, and how sure that is: what it may be held to.
public struct AccuracyEvidence: Hashable, Sendable {
  public enum Metric: UInt8, CaseIterable, Hashable, Sendable {
    /// Share of labels got right.
    case accuracy = 0
    /// Share of texts (or tokens) with the dense model's answer, Pearson's correlation of numbers with its, or the mean
    /// cosine of embeddings.
    case agreement = 1
    /// Coefficient of determination of numbers.
    case determination = 2
  }

  /// The texts it was measured on.
  public enum Source: UInt8, CaseIterable, Hashable, Sendable {
    /// Labelled texts that the head was not fitted on.
    case heldOut = 0
    /// The calibration's.
    case calibration = 1
  }

  public var metric: Metric
  public var source: Source
  public var texts: UInt32
  public var planned: Float
  /// Of the dense model on the same texts; nil when it was not measured.
  public var dense: Float?
  /// 95%, of `planned`; nil for a metric that has none.
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
    metric: Metric, source: Source, texts: Int, planned: Float, dense: Float? = nil, interval: Interval? = nil
  ) {
    self.metric = metric
    self.source = source
    self.texts = UInt32(texts)
    self.planned = planned
    self.dense = dense
    self.interval = interval
  }
}
