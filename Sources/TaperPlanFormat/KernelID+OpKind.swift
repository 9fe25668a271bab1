extension KernelID {
  /// The kind of op this kernel family computes; nil for an id this version does not know.
  public var opKind: OpKind? {
    switch self {
    case .embedF32: .embed
    case .gemmF32OpenBLAS, .gemmF32Scalar: .gemm
    case .biasActivationF32: .biasActivation
    case .addF32: .add
    case .layerNormF32: .layerNorm
    case .attentionF32: .attention
    case .attentionScoresF32: .attentionScores
    case .attentionContextF32: .attentionContext
    case .iotaU32: .iota
    case .selectF32: .select
    case .scatterF32: .scatter
    case .composeU32: .compose
    case .gatherF32: .gather
    case .meanF32: .mean
    case .l2NormalizeF32: .l2Normalize
    case .softmaxF32: .softmax
    case .sigmoidF32: .sigmoid
    default: nil
    }
  }
}
