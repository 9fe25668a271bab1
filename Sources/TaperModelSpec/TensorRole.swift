/// A tensor's role in the encoder, independent of its name in a checkpoint. specs/models/*.json map roles to names.
///
/// Linear weights are [out, in], row-major, in every family: y = x·Wᵀ + b.
public struct TensorRole: RawRepresentable, Hashable, Sendable {
  public let rawValue: String
  public init(rawValue: String) { self.rawValue = rawValue }

  /// [vocabulary, hidden]
  public static let wordEmbedding = TensorRole(rawValue: "word_embedding")
  /// [maximum positions, hidden]; row `ModelSpec.positionOffset` belongs to the first token.
  public static let positionEmbedding = TensorRole(rawValue: "position_embedding")
  /// [token types, hidden]; families without token types have none.
  public static let tokenTypeEmbedding = TensorRole(rawValue: "token_type_embedding")
  /// [hidden]
  public static let embeddingNormGamma = TensorRole(rawValue: "embedding_norm_gamma")
  /// [hidden]
  public static let embeddingNormBeta = TensorRole(rawValue: "embedding_norm_beta")
  /// [buckets, heads], shared by all layers; see `RelativeBiasSpec`.
  public static let relativeBias = TensorRole(rawValue: "relative_bias")
  /// [hidden, hidden]: the dense layer with tanh on the first token's state.
  public static let poolerWeight = TensorRole(rawValue: "pooler_weight")
  /// [hidden]
  public static let poolerBias = TensorRole(rawValue: "pooler_bias")
  /// [outputs, hidden]
  public static let headWeight = TensorRole(rawValue: "head_weight")
  /// [outputs]
  public static let headBias = TensorRole(rawValue: "head_bias")

  /// A tensor of encoder layer `layer`, counted from 1.
  public static func layer(_ layer: Int, _ part: LayerPart) -> TensorRole {
    TensorRole(rawValue: "layer.\(layer).\(part.rawValue)")
  }

  /// A tensor of the selector on the states leaving `layer`, counted from 1 (`SelectorSpec`). In every family the raw
  /// value is the tensor's name in the file.
  public static func selector(_ layer: Int, _ part: SelectorPart) -> TensorRole {
    TensorRole(rawValue: "taper.selector.\(layer).\(part.rawValue)")
  }

  /// A tensor of the halting point after `layer`, counted from 1 (`HaltingSpec`); named as a selector's.
  public static func halting(_ layer: Int, _ part: HaltingPart) -> TensorRole {
    TensorRole(rawValue: "taper.halting.\(layer).\(part.rawValue)")
  }
}
