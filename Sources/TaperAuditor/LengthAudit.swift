public import TaperPlanFormat

/// End to end at one input length: what the plan predicts, and what was measured without tracing.
public struct LengthAudit: Hashable, Sendable {
  public let tokens: Int
  public let predicted: Nanoseconds
  /// The prediction's interval.
  public let low: Nanoseconds
  public let high: Nanoseconds
  /// The dense plan's prediction on the same device.
  public let predictedDense: Nanoseconds
  public let measured: TimePercentiles
  /// T(0)…T(L): tokens leaving each layer.
  public let keepCounts: [Int]

  public init(
    tokens: Int, prediction: Prediction, predictedDense: Nanoseconds, measured: TimePercentiles,
    keepCounts: [Int]
  ) {
    self.tokens = tokens
    predicted = prediction.time
    low = prediction.low
    high = prediction.high
    self.predictedDense = predictedDense
    self.measured = measured
    self.keepCounts = keepCounts
  }

  /// Measured median / predicted − 1; nil when nothing was predicted.
  public var residual: Double? { Residual.of(measured.p50, predicted: predicted) }

  /// Whether the measured median lies in the prediction's interval.
  public var intervalHit: Bool { low <= measured.p50 && measured.p50 <= high }
}
