internal import CTaperKernels
internal import TaperPlanFormat

/// The kernel families this runtime has: which op kind each computes, with which driver and matrix product.
///
/// The tier of the row-wise kernels is not chosen here; it comes with the op's `table`.
enum KernelCatalog {
  /// What serves `kernel` for ops of `kind`, or nil when this runtime has no such family, it computes another kind, or it
  /// needs OpenBLAS and the program is without.
  static func kernel(_ kernel: KernelID, for kind: OpKind) -> BoundKernel? {
    switch (kind, kernel) {
    case (.embed, .embedF32): unsafe bound(ck_embed)
    case (.gemm, .gemmF32OpenBLAS): unsafe ck_openblas().map { unsafe bound(ck_gemm, product: $0) }
    case (.gemm, .gemmF32Scalar): unsafe bound(ck_gemm, product: ck_sgemm_scalar)
    case (.gemm, .gemmF32Panel): unsafe bound(ck_gemm_f32_panel)
    case (.gemm, .gemmBF16Panel): unsafe bound(ck_gemm_bf16_panel)
    case (.gemm, .gemmI8Panel): unsafe bound(ck_gemm_i8_panel)
    case (.encode, .encodeBF16): unsafe bound(ck_encode_bf16)
    case (.encode, .encodeI8): unsafe bound(ck_encode_i8)
    case (.biasActivation, .biasActivationF32): unsafe bound(ck_bias_activation)
    case (.add, .addF32): unsafe bound(ck_add)
    case (.layerNorm, .layerNormF32): unsafe bound(ck_layer_norm)
    case (.attention, .attentionF32): unsafe bound(ck_attention)
    case (.attention, .attentionBF16): unsafe bound(ck_attention_bf16)
    case (.attentionScores, .attentionScoresF32): unsafe bound(ck_attention_scores)
    case (.attentionContext, .attentionContextF32): unsafe bound(ck_attention_context)
    case (.attentionScored, .attentionScoredF32): unsafe bound(ck_attention_scored)
    case (.attentionScored, .attentionScoredBF16): unsafe bound(ck_attention_scored_bf16)
    case (.iota, .iotaU32): unsafe bound(ck_iota)
    case (.select, .selectF32): unsafe bound(ck_select)
    case (.selectAbove, .selectAboveF32): unsafe bound(ck_select_above)
    case (.scatter, .scatterF32): unsafe bound(ck_scatter)
    case (.compose, .composeU32): unsafe bound(ck_compose)
    case (.gather, .gatherF32): unsafe bound(ck_gather)
    case (.mean, .meanF32): unsafe bound(ck_mean)
    case (.l2Normalize, .l2NormalizeF32): unsafe bound(ck_l2_normalize)
    case (.softmax, .softmaxF32): unsafe bound(ck_softmax)
    case (.sigmoid, .sigmoidF32): unsafe bound(ck_sigmoid)
    case (.accumulate, .accumulateF32): unsafe bound(ck_accumulate)
    case (.haltAuthors, .haltAuthorsF32): unsafe bound(ck_halt_authors)
    case (.haltTight, .haltTightF32): unsafe bound(ck_halt_tight)
    default: nil
    }
  }

  private static func bound(_ driver: ck_driver, product: ck_sgemm_fn? = nil) -> BoundKernel {
    unsafe BoundKernel(maximumRows: .max, driver: driver, sgemm: product)
  }

  /// The cut of each driver into tasks, as documented at the driver in ck_op.h.
  static func tasks(of kind: OpKind) -> TaskRule {
    switch kind {
    case .embed, .biasActivation, .add, .layerNorm, .gather, .l2Normalize, .softmax, .sigmoid, .encode: .rows
    case .gemm: .parts
    case .attention, .attentionScores, .attentionScored, .attentionContext: .heads
    case .iota, .select, .selectAbove, .scatter, .compose, .mean, .accumulate, .haltAuthors, .haltTight: .one
    }
  }
}
