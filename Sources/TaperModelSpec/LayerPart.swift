/// The tensors of one encoder layer (post-norm transformer block).
public enum LayerPart: String, CaseIterable, Hashable, Sendable {
  /// [hidden, hidden]
  case queryWeight = "query_weight"
  case queryBias = "query_bias"
  case keyWeight = "key_weight"
  case keyBias = "key_bias"
  case valueWeight = "value_weight"
  case valueBias = "value_bias"
  case attentionOutputWeight = "attention_output_weight"
  case attentionOutputBias = "attention_output_bias"
  case attentionNormGamma = "attention_norm_gamma"
  case attentionNormBeta = "attention_norm_beta"
  /// [feedForward, hidden]
  case intermediateWeight = "intermediate_weight"
  case intermediateBias = "intermediate_bias"
  /// [hidden, feedForward]
  case outputWeight = "output_weight"
  case outputBias = "output_bias"
  case outputNormGamma = "output_norm_gamma"
  case outputNormBeta = "output_norm_beta"
}

extension LayerPart {
  /// Weights are [out, in]; the others are vectors.
  func shape(hidden: Int, feedForward: Int) -> [Int] {
    switch self {
    case .queryWeight, .keyWeight, .valueWeight, .attentionOutputWeight: [hidden, hidden]
    case .intermediateWeight: [feedForward, hidden]
    case .intermediateBias: [feedForward]
    case .outputWeight: [hidden, feedForward]
    case .queryBias, .keyBias, .valueBias, .attentionOutputBias, .attentionNormGamma, .attentionNormBeta,
      .outputBias, .outputNormGamma, .outputNormBeta:
      [hidden]
    }
  }
}
