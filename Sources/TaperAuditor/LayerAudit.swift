public import TaperPlanFormat

/// The ops of one layer together.
public struct LayerAudit: Hashable, Sendable {
  /// 0: embeddings; 1…L; L + 1: pooling and head.
  public let layer: Int
  /// Tokens that leave it.
  public let tokens: Int
  public let predicted: Nanoseconds
  public let measured: Nanoseconds

  public init(layer: Int, tokens: Int, predicted: Nanoseconds, measured: Nanoseconds) {
    self.layer = layer
    self.tokens = tokens
    self.predicted = predicted
    self.measured = measured
  }

  /// Measured / predicted − 1; nil when nothing was predicted.
  public var residual: Double? { Residual.of(measured, predicted: predicted) }
}
