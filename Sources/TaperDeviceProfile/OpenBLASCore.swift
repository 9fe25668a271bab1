/// Whether the kernels that OpenBLAS chose suit the CPU (ours).
///
/// OpenBLAS chooses by the CPU's model number. A library older than the CPU falls back to kernels for a Prescott of
/// 2004, which take up to nine times as long.
extension Fingerprint {
  /// What OPENBLAS_CORETYPE should be set to, when the CPU has AVX2 and OpenBLAS chose kernels that do without; nil
  /// when its choice suits, and on other architectures.
  public var betterBLASCore: String? {
    // Of dynamic_arch builds; all others do without AVX2 or fused multiply-adds.
    let suitable = [
      "haswell", "skylakex", "cooperlake", "sapphirerapids", "zen", "excavator", "steamroller", "piledriver",
    ]
    guard features.contains("avx2"), features.contains("fma"), !suitable.contains(blasCore.lowercased())
    else {
      return nil
    }
    guard ["avx512f", "avx512dq", "avx512bw", "avx512vl"].allSatisfy(features.contains) else {
      return "Haswell"
    }
    return features.contains("avx512_bf16") ? "Cooperlake" : "SkylakeX"
  }
}
