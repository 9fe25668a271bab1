public import TaperPlanFormat

/// The head on top of the encoder:
///
///     last hidden states → steps, in their order → [linear] → result by `kind`
///
/// Steps before the pooling, and all of a head that does not pool, run on every token's state. A linear layer reads
/// what the last step leaves. Results of classification are softmax scores, of multi-label ones sigmoid scores; a
/// regression's are the linear layer's, or their sigmoid.
public struct HeadSpec: Hashable, Sendable {
  public var kind: HeadKind
  public var steps: [HeadStep]
  /// Labels in output order; empty for embeddings and regression.
  public var labels: [String]
  /// Those of whole texts: a token classifier has none.
  public var textLabels: [String] { kind.isOfTokens ? [] : labels }
  /// Elements of the result: the linear layer's rows, or what the last step leaves.
  public var outputWidth: Int
  /// A linear layer (roles headWeight, headBias).
  public var hasLinear: Bool
  /// A regression's results are the sigmoid of the linear layer's: a cross-encoder's relevance from 0 to 1.
  public var hasSigmoid: Bool

  /// A head without a linear layer: its result is what the last step leaves.
  public init(kind: HeadKind, steps: [HeadStep]) {
    self.init(
      kind: kind, steps: steps, labels: [], outputWidth: steps.last?.width ?? 0, hasLinear: false)
  }

  public init(
    kind: HeadKind, steps: [HeadStep], labels: [String], outputWidth: Int, hasLinear: Bool,
    hasSigmoid: Bool = false
  ) {
    self.kind = kind
    self.steps = steps
    self.labels = labels
    self.outputWidth = outputWidth
    self.hasLinear = hasLinear
    self.hasSigmoid = hasSigmoid
  }

  /// How the tokens' states become one; `tokens` where they stay apart.
  public var pooling: Pooling {
    for step in steps { if case .pool(let pooling) = step.operation { return pooling } }
    return .tokens
  }

  /// Whether the last step divides by the L2 norm, before the linear layer where there is one.
  public var normalized: Bool { steps.last?.operation == .normalize }

  /// Whether steps have weights of their own.
  public var hasDenseSteps: Bool { steps.contains { !$0.roles.isEmpty } }

  /// Whether it has the family's dense layer.
  public var hasPooler: Bool { steps.contains { $0.roles.first == .poolerWeight } }

  /// Whether it has steps that only modules.json can say: more than pooling, pooler and norm.
  public var followsModules: Bool {
    steps.dropFirst().dropLast(normalized ? 1 : 0).contains { $0.roles.isEmpty || $0.roles[0].isOfModule }
  }

  /// Columns of what a linear layer reads.
  /// - Precondition: there is a step.
  public var featureWidth: Int { steps.last?.width ?? 0 }
}

/// A step of a head.
public struct HeadStep: Hashable, Sendable {
  public enum Operation: Hashable, Sendable {
    case pool(Pooling)
    /// act(W·x + b); the bias may be absent (`EncoderForm.absent`).
    case dense(weight: TensorRole, bias: TensorRole, Activation)
    case layerNorm(gamma: TensorRole, beta: TensorRole, epsilon: Float)
    /// x / max(‖x‖₂, 10⁻¹²)
    case normalize
    case sigmoid
    /// log(1 + max(x, 0))
    case log1p
  }

  public var operation: Operation
  /// Columns of its result.
  public var width: Int
  /// Of its result in a plan.
  public var name: String
  /// Of its weights in a plan.
  public var weights: String

  public init(_ operation: Operation, width: Int, name: String, weights: String? = nil) {
    self.operation = operation
    self.width = width
    self.name = name
    self.weights = weights ?? name
  }

  public static func pool(_ pooling: Pooling, width: Int) -> HeadStep {
    HeadStep(.pool(pooling), width: width, name: "pooled")
  }

  public static func normalize(width: Int) -> HeadStep {
    HeadStep(.normalize, width: width, name: "normalized")
  }

  /// The dense layer before a family's classifier, which keeps the width, with a norm where the family has one.
  public static func pooler(_ activation: Activation, norm epsilon: Float?, width: Int) -> [HeadStep] {
    let dense = HeadStep(
      .dense(weight: .poolerWeight, bias: .poolerBias, activation), width: width,
      name: epsilon == nil ? "pooler" : "pooler.dense", weights: "pooler")
    guard let epsilon else { return [dense] }
    let norm = HeadStep.Operation.layerNorm(
      gamma: .poolerNormGamma, beta: .poolerNormBeta, epsilon: epsilon)
    return [dense, HeadStep(norm, width: width, name: "pooler", weights: "pooler.norm")]
  }

  /// The tensors it reads, which may be absent but for the first.
  public var roles: [TensorRole] {
    switch operation {
    case .dense(let weight, let bias, _): [weight, bias]
    case .layerNorm(let gamma, let beta, _): [gamma, beta]
    case .pool, .normalize, .sigmoid, .log1p: []
    }
  }
}
