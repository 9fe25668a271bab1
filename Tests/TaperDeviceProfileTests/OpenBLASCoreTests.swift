import TaperDeviceProfile
import Testing

@Suite struct OpenBLASCoreTests {
  private static let wide = ["avx512f", "avx512dq", "avx512bw", "avx512vl"]

  private func better(_ core: String, _ features: [String]) -> String? {
    Fingerprint(
      cpu: "a CPU", features: features, tier: "scalar", caches: [], cores: 1, blasCore: core,
      blasConfiguration: "", environment: [], system: ""
    ).betterBLASCore
  }

  @Test func aCoreWithoutTheCPUsVectorsIsNamed() {
    let emeraldRapids = ["avx", "fma", "avx2"] + Self.wide + ["avx512_vnni", "avx512_bf16", "amx_tile"]
    #expect(better("Prescott", emeraldRapids) == "Cooperlake")
    #expect(better("Core2", ["avx", "fma", "avx2"] + Self.wide) == "SkylakeX")
    #expect(better("Sandybridge", ["avx", "fma", "avx2"]) == "Haswell")
    #expect(better("", ["avx", "fma", "avx2", "avx512f"]) == "Haswell")
  }

  @Test func aCoreThatSuitsIsNot() {
    for core in ["Haswell", "Zen", "SkylakeX", "Cooperlake", "SapphireRapids"] {
      #expect(better(core, ["avx", "fma", "avx2"] + Self.wide + ["avx512_bf16"]) == nil)
    }
    // Kernels for Prescott are right for a CPU without AVX2, and nothing is known of other architectures.
    #expect(better("Prescott", ["sse4_2"]) == nil)
    #expect(better("armv8", ["fp", "asimd"]) == nil)
  }
}
