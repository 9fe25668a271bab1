/// A tensor's role in the encoder, independent of its name in a checkpoint. specs/models/*.json map roles to names.
///
/// Linear weights are [out, in], row-major, in every family: y = x·Wᵀ + b.
public struct TensorRole: RawRepresentable, Hashable, Sendable {
  public let rawValue: String
  public init(rawValue: String) { self.rawValue = rawValue }

  /// [vocabulary, embedding width], which is the hidden size unless a projection follows (`EncoderForm`).
  public static let wordEmbedding = TensorRole(rawValue: "word_embedding")
  /// [maximum positions, embedding width]; row `ModelSpec.positionOffset` belongs to the first token. Families with
  /// rotary positions have none.
  public static let positionEmbedding = TensorRole(rawValue: "position_embedding")
  /// [token types, embedding width]; families without token types have none.
  public static let tokenTypeEmbedding = TensorRole(rawValue: "token_type_embedding")
  /// [embedding width]
  public static let embeddingNormGamma = TensorRole(rawValue: "embedding_norm_gamma")
  /// [embedding width]
  public static let embeddingNormBeta = TensorRole(rawValue: "embedding_norm_beta")
  /// [hidden, embedding width]
  public static let embeddingProjectionWeight = TensorRole(rawValue: "embedding_projection_weight")
  /// [hidden]
  public static let embeddingProjectionBias = TensorRole(rawValue: "embedding_projection_bias")
  /// [buckets, heads], shared by all layers; see `RelativeBiasSpec`.
  public static let relativeBias = TensorRole(rawValue: "relative_bias")
  /// [2 · span, hidden]: embeddings of relative positions (`DisentangledSpec`).
  public static let positionRows = TensorRole(rawValue: "position_rows")
  /// [hidden]: the norm of `positionRows`.
  public static let positionNormGamma = TensorRole(rawValue: "position_norm_gamma")
  /// [hidden]
  public static let positionNormBeta = TensorRole(rawValue: "position_norm_beta")
  /// [hidden]: the norm after the last layer, of encoders that normalise first.
  public static let finalNormGamma = TensorRole(rawValue: "final_norm_gamma")
  /// [hidden]
  public static let finalNormBeta = TensorRole(rawValue: "final_norm_beta")
  /// [hidden, hidden]: the dense layer, with an activation, before the linear head.
  public static let poolerWeight = TensorRole(rawValue: "pooler_weight")
  /// [hidden]
  public static let poolerBias = TensorRole(rawValue: "pooler_bias")
  /// [hidden]: a norm after the dense layer.
  public static let poolerNormGamma = TensorRole(rawValue: "pooler_norm_gamma")
  /// [hidden]
  public static let poolerNormBeta = TensorRole(rawValue: "pooler_norm_beta")
  /// [embedding width, hidden]: the dense layer of a masked language model's head.
  public static let lmDenseWeight = TensorRole(rawValue: "lm_dense_weight")
  /// [embedding width]
  public static let lmDenseBias = TensorRole(rawValue: "lm_dense_bias")
  /// [embedding width]: the norm after it.
  public static let lmNormGamma = TensorRole(rawValue: "lm_norm_gamma")
  /// [embedding width]
  public static let lmNormBeta = TensorRole(rawValue: "lm_norm_beta")
  /// [vocabulary, embedding width]: the word embeddings, unless config.json unties them.
  public static let lmDecoderWeight = TensorRole(rawValue: "lm_decoder_weight")
  /// [vocabulary]
  public static let lmDecoderBias = TensorRole(rawValue: "lm_decoder_bias")
  /// [outputs, hidden]
  public static let headWeight = TensorRole(rawValue: "head_weight")
  /// [outputs]
  public static let headBias = TensorRole(rawValue: "head_bias")

  /// A tensor of a module of sentence-transformers, by the module's place in modules.json, from 0.
  static func module(_ place: Int, _ tensor: String) -> TensorRole {
    TensorRole(rawValue: "module.\(place).\(tensor)")
  }

  var isOfModule: Bool { rawValue.hasPrefix("module.") }

  /// A tensor of encoder layer `layer`, counted from 1.
  public static func layer(_ layer: Int, _ part: LayerPart) -> TensorRole {
    TensorRole(rawValue: "layer.\(layer).\(part.rawValue)")
  }

  /// [vocabulary]: the words' scores (`LexicalSpec`); named as a selector's tensors.
  public static let wordScores = TensorRole(rawValue: "taper.lexical.scores")

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
