/// The tensors of one encoder layer. Which of them a model has is a fact of its `EncoderForm`.
public enum LayerPart: String, CaseIterable, Hashable, Sendable {
  /// [hidden, hidden]
  case queryWeight = "query_weight"
  case queryBias = "query_bias"
  case keyWeight = "key_weight"
  case keyBias = "key_bias"
  case valueWeight = "value_weight"
  case valueBias = "value_bias"
  /// [hidden, hidden]: of disentangled attention, where positions have projections of their own.
  case positionKeyWeight = "position_key_weight"
  case positionKeyBias = "position_key_bias"
  case positionQueryWeight = "position_query_weight"
  case positionQueryBias = "position_query_bias"
  /// [hidden, hidden]
  case attentionOutputWeight = "attention_output_weight"
  case attentionOutputBias = "attention_output_bias"
  case attentionNormGamma = "attention_norm_gamma"
  case attentionNormBeta = "attention_norm_beta"
  /// [feedForward, hidden]
  case intermediateWeight = "intermediate_weight"
  case intermediateBias = "intermediate_bias"
  /// [feedForward, hidden]: of gated blocks, what the activated rows are multiplied by.
  case upWeight = "up_weight"
  case upBias = "up_bias"
  /// [hidden, feedForward]
  case outputWeight = "output_weight"
  case outputBias = "output_bias"
  case outputNormGamma = "output_norm_gamma"
  case outputNormBeta = "output_norm_beta"
}

extension LayerPart {
  /// Whether families or layers without it exist: biases, and the norm before the first layer's attention.
  var isOptional: Bool {
    switch self {
    case .queryBias, .keyBias, .valueBias, .positionKeyBias, .positionQueryBias, .attentionOutputBias,
      .intermediateBias, .upBias, .outputBias,
      .attentionNormGamma, .attentionNormBeta, .outputNormBeta:
      true
    case .queryWeight, .keyWeight, .valueWeight, .positionKeyWeight, .positionQueryWeight,
      .attentionOutputWeight, .intermediateWeight, .upWeight,
      .outputWeight, .outputNormGamma:
      false
    }
  }

  /// The parts of disentangled attention with projections of its own only.
  static let ofPositions: Set<LayerPart> = [
    .positionKeyWeight, .positionKeyBias, .positionQueryWeight, .positionQueryBias,
  ]

  /// The parts of gated blocks only.
  static let ofGatedBlocks: Set<LayerPart> = [.upWeight, .upBias]

  /// Weights are [out, in]; the others are vectors.
  func shape(hidden: Int, feedForward: Int) -> [Int] {
    switch self {
    case .queryWeight, .keyWeight, .valueWeight, .positionKeyWeight, .positionQueryWeight,
      .attentionOutputWeight:
      [hidden, hidden]
    case .intermediateWeight, .upWeight: [feedForward, hidden]
    case .intermediateBias, .upBias: [feedForward]
    case .outputWeight: [hidden, feedForward]
    case .queryBias, .keyBias, .valueBias, .positionKeyBias, .positionQueryBias, .attentionOutputBias,
      .attentionNormGamma, .attentionNormBeta,
      .outputBias, .outputNormGamma, .outputNormBeta:
      [hidden]
    }
  }
}
