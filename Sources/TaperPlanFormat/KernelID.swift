// Generated from Sources/CTaperKernels/kernels.def by tools/reference/make-kernel-table.py; do not edit.

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
  public static let rotateF32 = KernelID(rawValue: 31)
  public static let gateF32 = KernelID(rawValue: 32)
  public static let disentangledF32 = KernelID(rawValue: 33)
  public static let largestF32 = KernelID(rawValue: 34)
  public static let sumF32 = KernelID(rawValue: 35)
  public static let weightedMeanF32 = KernelID(rawValue: 36)
  public static let lastRowF32 = KernelID(rawValue: 37)
  public static let log1pF32 = KernelID(rawValue: 38)
  public static let gemmF32X3 = KernelID(rawValue: 39)
  public static let gemmF32X6 = KernelID(rawValue: 40)
  public static let encodeBF16x2 = KernelID(rawValue: 41)
  public static let encodeBF16x3 = KernelID(rawValue: 42)
  public static let layerNormBF16 = KernelID(rawValue: 43)
  public static let layerNormI8 = KernelID(rawValue: 44)
  public static let gemmBF16PanelBF16 = KernelID(rawValue: 45)
  public static let gemmI8Pairs = KernelID(rawValue: 46)
  public static let wordScoresF32 = KernelID(rawValue: 47)
  public static let meanDroppedF32 = KernelID(rawValue: 48)
  public static let spreadF32 = KernelID(rawValue: 49)
  public static let embedBF16 = KernelID(rawValue: 50)
  public static let embedI8 = KernelID(rawValue: 51)
  public static let attentionF32X6 = KernelID(rawValue: 52)
  public static let attentionScoredF32X6 = KernelID(rawValue: 53)
  public static let attentionEncodedBF16 = KernelID(rawValue: 54)
  public static let attentionScoredEncodedBF16 = KernelID(rawValue: 55)
  public static let attentionBF16BF16 = KernelID(rawValue: 56)

  /// The facts of every family; id n is entry n − 1.
  static let families: [KernelFamily] = [
    KernelFamily("embed_f32", .embed, .none, .rowMajor, .f32),
    KernelFamily("gemm_f32_openblas", .gemm, .indexedRows, .rowMajor, .f32),
    KernelFamily("gemm_f32_scalar", .gemm, .indexedRows, .rowMajor, .f32),
    KernelFamily("bias_activation_f32", .biasActivation, .none, .rowMajor, .f32),
    KernelFamily("add_f32", .add, .none, .rowMajor, .f32),
    KernelFamily("layer_norm_f32", .layerNorm, .none, .rowMajor, .f32),
    KernelFamily("attention_f32", .attention, .attention, .rowMajor, .f32),
    KernelFamily("attention_scores_f32", .attentionScores, .optionalAttention, .rowMajor, .f32),
    KernelFamily("attention_context_f32", .attentionContext, .none, .rowMajor, .f32),
    KernelFamily("iota_u32", .iota, .none, .rowMajor, .u32),
    KernelFamily("select_f32", .select, .tokenScores, .rowMajor, .f32),
    KernelFamily("scatter_f32", .scatter, .none, .rowMajor, .f32),
    KernelFamily("compose_u32", .compose, .none, .rowMajor, .u32),
    KernelFamily("gather_f32", .gather, .none, .rowMajor, .f32),
    KernelFamily("mean_f32", .mean, .none, .rowMajor, .f32),
    KernelFamily("l2_normalize_f32", .l2Normalize, .none, .rowMajor, .f32),
    KernelFamily("softmax_f32", .softmax, .none, .rowMajor, .f32),
    KernelFamily("sigmoid_f32", .sigmoid, .none, .rowMajor, .f32),
    KernelFamily("gemm_f32_panel", .gemm, .none, .panelF32, .f32),
    KernelFamily("gemm_bf16_panel", .gemm, .none, .panelBF16, .bf16),
    KernelFamily("gemm_i8_panel", .gemm, .none, .panelI8, .i8),
    KernelFamily("encode_bf16", .encode, .none, .rowMajor, .bf16),
    KernelFamily("encode_i8", .encode, .none, .rowMajor, .i8),
    KernelFamily("attention_scored_f32", .attentionScored, .attention, .rowMajor, .f32),
    KernelFamily("select_above_f32", .selectAbove, .tokenScores, .rowMajor, .f32),
    KernelFamily("accumulate_f32", .accumulate, .none, .rowMajor, .f32),
    KernelFamily("halt_authors_f32", .haltAuthors, .none, .rowMajor, .f32),
    KernelFamily("halt_tight_f32", .haltTight, .none, .rowMajor, .f32),
    KernelFamily("attention_bf16", .attention, .attentionBF16, .rowMajor, .bf16),
    KernelFamily("attention_scored_bf16", .attentionScored, .attentionBF16, .rowMajor, .bf16),
    KernelFamily("rotate_f32", .rotate, .none, .rowMajor, .f32),
    KernelFamily("gate_f32", .gate, .none, .rowMajor, .f32),
    KernelFamily("disentangled_f32", .disentangledScores, .attention, .rowMajor, .f32),
    KernelFamily("largest_f32", .largest, .none, .rowMajor, .f32),
    KernelFamily("sum_f32", .sum, .none, .rowMajor, .f32),
    KernelFamily("weighted_mean_f32", .weightedMean, .none, .rowMajor, .f32),
    KernelFamily("last_row_f32", .lastRow, .none, .rowMajor, .f32),
    KernelFamily("log1p_f32", .log1p, .none, .rowMajor, .f32),
    KernelFamily("gemm_f32_x3", .gemm, .none, .panelBF16x2, .bf16x2),
    KernelFamily("gemm_f32_x6", .gemm, .none, .panelBF16x3, .bf16x3),
    KernelFamily("encode_bf16x2", .encode, .none, .rowMajor, .bf16x2),
    KernelFamily("encode_bf16x3", .encode, .none, .rowMajor, .bf16x3),
    KernelFamily("layer_norm_bf16", .normEncode, .none, .rowMajor, .bf16),
    KernelFamily("layer_norm_i8", .normEncode, .none, .rowMajor, .i8),
    KernelFamily("gemm_bf16_panel_bf16", .gemmEncode, .none, .panelBF16, .bf16),
    KernelFamily("gemm_i8_pairs", .gemm, .none, .panelI8Pairs, .i8),
    KernelFamily("word_scores_f32", .wordScores, .none, .rowMajor, .f32),
    KernelFamily("mean_dropped_f32", .meanDropped, .none, .rowMajor, .f32),
    KernelFamily("spread_f32", .spread, .none, .rowMajor, .f32),
    KernelFamily("embed_bf16", .embedEncode, .none, .rowMajor, .bf16),
    KernelFamily("embed_i8", .embedEncode, .none, .rowMajor, .i8),
    KernelFamily("attention_f32_x6", .attention, .attentionPlanes, .rowMajor, .f32),
    KernelFamily("attention_scored_f32_x6", .attentionScored, .attentionPlanes, .rowMajor, .f32),
    KernelFamily("attention_encoded_bf16", .encodedAttention, .attentionEncoded, .rowMajor, .bf16),
    KernelFamily(
      "attention_scored_encoded_bf16", .encodedAttentionScored, .attentionEncoded, .rowMajor, .bf16),
    KernelFamily("attention_bf16_bf16", .attentionEncode, .attentionEncoded, .rowMajor, .bf16),
  ]
}
