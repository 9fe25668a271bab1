public import TaperBase
public import TaperPlanFormat
public import TaperTokenization

/// A checkpoint: the encoder's dimensions, the place of each tensor, and the head.
///
/// Every family is one encoder with options set by specs/models/*.json (`EncoderForm`). As BERT has them:
///
///     x₀ = LN(word[id] + position[i + offset] + type[t])
///     a  = LN(x + O·concat_h softmax(QKᵀ/√d + bias[key − query])·V),   x' = LN(a + W₂·act(W₁·a))      layer by layer
///
/// and where norms come first, with a gated block:
///
///     a  = x + O·attention(LN(x)),   x' = a + W₂·(act(W₁·m) ⊙ U·m) with m = LN(a),   and LN after the last layer
///
/// Weights stay in their mapped files until `tensor(_:)` asks for one; shapes and types were checked at load.
public struct ModelSpec: Sendable {
  /// The directory it was loaded from. Not part of any plan.
  public let directory: String
  /// The directory's last component.
  public let name: String
  /// "bert", "mpnet", …: the description in specs/models that matched.
  public let family: String
  public let shape: ModelShape
  public let form: EncoderForm
  /// Of the feed-forward block.
  public let activation: Activation
  public let layerNormEpsilon: Float
  /// Row of the position table for the first token.
  public let positionOffset: Int
  /// In tokens, special tokens included: what `lengthSource` says, and at most as many as there are positions.
  public let maximumLength: Int
  public let lengthSource: LengthSource
  /// nil when the family has none.
  public let relativeBias: RelativeBiasSpec?
  public package(set) var head: HeadSpec
  /// SHA-256 of the file of texts that a fitted head was fitted to; nil for other heads, and where it is not known.
  public let headDataDigest: Digest?
  /// The default among them goes before every text.
  public var prompts: Prompts
  /// Whether a prompt's tokens do not take part in the pooling.
  public let leavesPromptOut: Bool
  /// Of a model of token vectors.
  public let interaction: LateInteraction?
  /// What tools/tune trained besides the encoder; nil for a directory that it did not write.
  public let tuned: TunedSpec?
  public let tokenizer: Tokenizer
  /// SHA-256 of `tokenizer.encoded()`.
  public let tokenizerDigest: Digest
  /// Tensors of the weight files that are not used: a pooler's, another head's.
  public let ignoredTensors: [String]
  let weights: CheckpointWeights
  let digest: ModelDigest

  /// SHA-256 over configuration and weights, as specs/models/README.md defines it. Computed on first use, then kept.
  public var modelDigest: Digest { digest.value }

  /// Whether the model has a tensor in this role.
  public func has(_ role: TensorRole) -> Bool { weights.sources[role] != nil }

  /// The tensor in this role, row-major, converted to Float.
  /// - Parameter elements: which of them; nil: all.
  /// - Throws: `roleAbsent`; `nonFiniteTensor` when it holds infinity or NaN.
  public func tensor(_ role: TensorRole, in elements: Range<Int>? = nil) throws(ModelSpecError) -> [Float] {
    guard let source = weights.sources[role] else { throw .roleAbsent(role: role.rawValue, model: name) }
    return try source.floats(in: elements)
  }

  /// The shape of the tensor in this role.
  /// - Precondition: the model has one.
  public func shape(of role: TensorRole) -> [Int] {
    guard let source = weights.sources[role] else {
      preconditionFailure("\(name) has no tensor \(role.rawValue)")
    }
    return source.shape
  }
}

/// Where a model's longest input comes from.
public enum LengthSource: Hashable, Sendable {
  /// The rows of the position table.
  case positions
  /// sentence-transformers' settings, in the file of this name.
  case sequenceConfig(file: String)
  /// The longest document or query of a model of token vectors.
  case queriesAndDocuments
  /// model_max_length in tokenizer_config.json.
  case tokenizerConfig
}
