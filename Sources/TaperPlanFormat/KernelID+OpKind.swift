extension KernelID {
  /// The kind of op this kernel family computes; nil for an id this version does not know.
  public var opKind: OpKind? {
    switch self {
    case .embedF32: .embed
    case .gemmF32OpenBLAS, .gemmF32Scalar, .gemmF32Panel, .gemmBF16Panel, .gemmI8Panel: .gemm
    case .biasActivationF32: .biasActivation
    case .addF32: .add
    case .layerNormF32: .layerNorm
    case .attentionF32, .attentionBF16: .attention
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
    case .encodeBF16, .encodeI8: .encode
    case .attentionScoredF32, .attentionScoredBF16: .attentionScored
    case .selectAboveF32: .selectAbove
    case .accumulateF32: .accumulate
    case .haltAuthorsF32: .haltAuthors
    case .haltTightF32: .haltTight
    default: nil
    }
  }

  /// How a product's kernel wants its weight; row-major for everything that is no packed product.
  public var weightLayout: WeightLayout {
    switch self {
    case .gemmF32Panel: .panelF32
    case .gemmBF16Panel: .panelBF16
    case .gemmI8Panel: .panelI8
    default: .rowMajor
    }
  }

  /// Whether this family computes `op` when its weight lies in `layout` (row-major for ops without one): the kind, and
  /// within a kind the operands' elements.
  public func computes(_ op: PlanOp, weight layout: WeightLayout) -> Bool {
    guard opKind == op.kind else { return false }
    return op.kind == .encode ? encodedElement == op.encodedElement : weightLayout == layout
  }

  /// Whether this family rounds f32 operands to bf16 within the op: a plan that promises f32 has none such.
  public var roundsOperands: Bool { self == .attentionBF16 || self == .attentionScoredBF16 }

  /// Elements of scratch that a worker of this family needs for fused attention over `keys` keys of heads `depth` wide: 64
  /// queries' scores in f32; in bf16 24 queries' (and themselves), keys and values (`ck_attention`,
  /// `ck_attention_bf16_scratch`).
  public func attentionScratch(keys: Int, depth: Int) -> Int {
    let keys = (keys + 15) / 16 * 16
    let width = (depth + 15) / 16 * 16
    return roundsOperands ? 24 * (keys + 16 + width / 2) + keys * width : 64 * keys
  }

  /// What an encode kernel writes.
  public var encodedElement: ElementType { self == .encodeI8 ? .i8 : .bf16 }
}

extension PlanOp {
  /// What an encode op writes: i8 codes when it also writes their scales, else bf16.
  public var encodedElement: ElementType { output2.isNone ? .bf16 : .i8 }
}
