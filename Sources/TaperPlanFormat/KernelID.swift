// Generated from Sources/CTaperKernels/kernels.def by tools/reference/make-kernel-ids.py; do not edit.

/// A kernel family, as numbered in kernels.def. The tier (AVX2, AVX-512, …) is bound when a plan is loaded.
public struct KernelID: RawRepresentable, BitwiseCopyable, Hashable, Sendable {
  public var rawValue: UInt16
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  public static let embedF32 = KernelID(rawValue: 1)
  public static let gemmF32OpenBLAS = KernelID(rawValue: 2)
  public static let gemmF32Scalar = KernelID(rawValue: 3)
  public static let biasActivationF32 = KernelID(rawValue: 4)
  public static let addF32 = KernelID(rawValue: 5)
  public static let layerNormF32 = KernelID(rawValue: 6)
  public static let attentionF32 = KernelID(rawValue: 7)
  public static let attentionScoresF32 = KernelID(rawValue: 8)
  public static let attentionContextF32 = KernelID(rawValue: 9)
  public static let iotaU32 = KernelID(rawValue: 10)
  public static let selectF32 = KernelID(rawValue: 11)
  public static let scatterF32 = KernelID(rawValue: 12)
  public static let composeU32 = KernelID(rawValue: 13)
  public static let gatherF32 = KernelID(rawValue: 14)
  public static let meanF32 = KernelID(rawValue: 15)
  public static let l2NormalizeF32 = KernelID(rawValue: 16)
  public static let softmaxF32 = KernelID(rawValue: 17)
  public static let sigmoidF32 = KernelID(rawValue: 18)
  public static let gemmF32Panel = KernelID(rawValue: 19)
  public static let gemmBF16Panel = KernelID(rawValue: 20)
  public static let gemmI8Panel = KernelID(rawValue: 21)
  public static let encodeBF16 = KernelID(rawValue: 22)
  public static let encodeI8 = KernelID(rawValue: 23)
  public static let attentionScoredF32 = KernelID(rawValue: 24)
  public static let selectAboveF32 = KernelID(rawValue: 25)
  public static let accumulateF32 = KernelID(rawValue: 26)
  public static let haltAuthorsF32 = KernelID(rawValue: 27)
  public static let haltTightF32 = KernelID(rawValue: 28)
  public static let attentionBF16 = KernelID(rawValue: 29)
  public static let attentionScoredBF16 = KernelID(rawValue: 30)

  /// Every family with its name in kernels.def, in id order.
  public static let all: [(id: KernelID, name: String)] = [
    (.embedF32, "embed_f32"),
    (.gemmF32OpenBLAS, "gemm_f32_openblas"),
    (.gemmF32Scalar, "gemm_f32_scalar"),
    (.biasActivationF32, "bias_activation_f32"),
    (.addF32, "add_f32"),
    (.layerNormF32, "layer_norm_f32"),
    (.attentionF32, "attention_f32"),
    (.attentionScoresF32, "attention_scores_f32"),
    (.attentionContextF32, "attention_context_f32"),
    (.iotaU32, "iota_u32"),
    (.selectF32, "select_f32"),
    (.scatterF32, "scatter_f32"),
    (.composeU32, "compose_u32"),
    (.gatherF32, "gather_f32"),
    (.meanF32, "mean_f32"),
    (.l2NormalizeF32, "l2_normalize_f32"),
    (.softmaxF32, "softmax_f32"),
    (.sigmoidF32, "sigmoid_f32"),
    (.gemmF32Panel, "gemm_f32_panel"),
    (.gemmBF16Panel, "gemm_bf16_panel"),
    (.gemmI8Panel, "gemm_i8_panel"),
    (.encodeBF16, "encode_bf16"),
    (.encodeI8, "encode_i8"),
    (.attentionScoredF32, "attention_scored_f32"),
    (.selectAboveF32, "select_above_f32"),
    (.accumulateF32, "accumulate_f32"),
    (.haltAuthorsF32, "halt_authors_f32"),
    (.haltTightF32, "halt_tight_f32"),
    (.attentionBF16, "attention_bf16"),
    (.attentionScoredBF16, "attention_scored_bf16"),
  ]

  /// The name in kernels.def, or nil for an id this version does not know.
  public var name: String? { KernelID.all.first { $0.id == self }?.name }
}
