public import TaperPlanFormat

extension OpKind {
  /// The kind's name in profiles and reports: the driver's name without its prefix.
  public var name: String {
    switch self {
    case .embed: "embed"
    case .gemm: "gemm"
    case .biasActivation: "bias_activation"
    case .add: "add"
    case .layerNorm: "layer_norm"
    case .attention: "attention"
    case .attentionScores: "attention_scores"
    case .attentionContext: "attention_context"
    case .iota: "iota"
    case .select: "select"
    case .scatter: "scatter"
    case .compose: "compose"
    case .gather: "gather"
    case .mean: "mean"
    case .l2Normalize: "l2_normalize"
    case .softmax: "softmax"
    case .sigmoid: "sigmoid"
    }
  }

  /// Kernel families that compute this kind, in id order: those of kernels.def named "<kind>_<element>…".
  public var kernels: [KernelID] {
    KernelID.all.compactMap { id, name in
      guard name.hasPrefix(self.name + "_") else { return nil }
      let rest = name.dropFirst(self.name.count + 1)
      return ["f32", "bf16", "f16", "u32", "s8"].contains(rest.prefix { $0 != "_" }) ? id : nil
    }
  }
}

extension KernelID {
  /// The kernel of this name in kernels.def.
  public init?(name: String) {
    guard let match = KernelID.all.first(where: { $0.name == name }) else { return nil }
    self = match.id
  }

  /// The op kind this family computes; nil for an id this version does not know.
  public var kind: OpKind? { OpKind.allCases.first { $0.kernels.contains(self) } }
}

extension Activation {
  /// The name in profiles and reports.
  public var name: String {
    switch self {
    case .none: "none"
    case .gelu: "gelu"
    case .geluTanh: "gelu_tanh"
    case .relu: "relu"
    case .tanh: "tanh"
    }
  }
}
