public import TaperPlanFormat

/// The head on top of the encoder. The order of its steps is fixed:
///
///     last hidden states → pooling → [pooler: act(W·x + b) → [norm]] → [L2 norm] → [linear] → result by `kind`
///
/// Results of classification are softmax scores, of multi-label ones sigmoid scores; a regression's are the linear
/// head's, or their sigmoid.
///
/// Without pooling, the pooler, the linear head and the softmax run on every token's state. On a base with normalised
/// vectors, a linear head reads the normalised vector.
public struct HeadSpec: Hashable, Sendable {
  public var kind: HeadKind
  public var pooling: Pooling
  /// The pooled vector is divided by its L2 norm, before the linear head when there is one.
  public var normalized: Bool
  /// Labels in output order; empty for embeddings and regression.
  public var labels: [String]
  /// Those of whole texts: a token classifier has none.
  public var textLabels: [String] { kind == .tokenClassification ? [] : labels }
  /// Elements of the result: hidden size for an embedding, otherwise the linear head's rows.
  public var outputWidth: Int
  /// A dense layer on the pooled state (roles poolerWeight, poolerBias).
  public var hasPooler: Bool
  /// Of the pooler.
  public var poolerActivation: Activation
  /// Whether a norm follows the pooler (roles poolerNormGamma, poolerNormBeta).
  public var hasPoolerNorm: Bool
  /// A linear layer (roles headWeight, headBias).
  public var hasLinear: Bool
  /// A regression's results are the sigmoid of the linear head's: a cross-encoder's relevance from 0 to 1.
  public var hasSigmoid: Bool
  /// Whether the linear head reads the L2-normalised vector.
  public var linearFollowsNormalization: Bool { hasLinear && normalized }

  public init(
    kind: HeadKind, pooling: Pooling, normalized: Bool, labels: [String], outputWidth: Int, hasPooler: Bool,
    poolerActivation: Activation = .tanh, hasPoolerNorm: Bool = false, hasLinear: Bool,
    hasSigmoid: Bool = false
  ) {
    self.kind = kind
    self.pooling = pooling
    self.normalized = normalized
    self.labels = labels
    self.outputWidth = outputWidth
    self.hasPooler = hasPooler
    self.poolerActivation = poolerActivation
    self.hasPoolerNorm = hasPoolerNorm
    self.hasLinear = hasLinear
    self.hasSigmoid = hasSigmoid
  }
}
