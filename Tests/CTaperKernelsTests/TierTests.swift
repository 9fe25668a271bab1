import CTaperKernels
import Glibc
import Testing

@Suite struct TierTests {
  private func text(_ write: (UnsafeMutablePointer<CChar>?, UInt32) -> Void, capacity: Int = 512) -> String {
    var buffer = [CChar](repeating: 65, count: capacity)
    unsafe buffer.withUnsafeMutableBufferPointer { unsafe write($0.baseAddress, UInt32(capacity)) }
    return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  private func bound(_ tier: ck_tier) -> ck_tier { unsafe ck_table_tier(ck_kernels(tier)) }

  @Test func noTierAboveTheHosts() {
    for tier in allTiers {
      #expect(bound(tier).rawValue <= min(tier.rawValue, ck_host_tier().rawValue))
      #expect(bound(tier) == ck_tier_at_most(tier))
    }
    #expect(bound(ck_host_tier()) == ck_host_tier())
    #expect(bound(CK_TIER_SCALAR) == CK_TIER_SCALAR)
    #expect(hostTiers.contains(ck_host_tier()))
  }

  @Test func theEnvironmentCapsTheTier() async {
    await #expect(processExitsWith: .success) {
      unsafe setenv("TAPER_MAX_TIER", "scalar", 1)
      precondition(ck_detect_tier() == CK_TIER_SCALAR)
      for tier in hostTiers {
        unsafe setenv("TAPER_MAX_TIER", name(tier), 1)
        precondition(ck_detect_tier() == tier)
      }
    }
    await #expect(processExitsWith: .success) {
      for word in ["nonsense", "", "AVX2"] {
        unsafe setenv("TAPER_MAX_TIER", word, 1)
        precondition(ck_detect_tier() == ck_host_tier())
      }
      unsafe unsetenv("TAPER_MAX_TIER")
      precondition(ck_detect_tier() == ck_host_tier())
    }
  }

  @Test func describesTheCPU() {
    let cpu = unsafe text(ck_cpu_name)
    #expect(!cpu.isEmpty && cpu.first != " " && cpu.last != " ")
    let features = unsafe text(ck_cpu_features).split(separator: " ")
    #expect(Set(features).count == features.count)
    #if arch(x86_64)
      let needed = [
        (CK_TIER_AVX2_VNNI, "avx_vnni"), (CK_TIER_AVX512, "avx512f"), (CK_TIER_AVX512_VNNI, "avx512_vnni"),
        (CK_TIER_AVX512_BF16, "avx512_bf16"), (CK_TIER_AMX, "amx_tile"),
      ]
      for (tier, word) in needed {
        #expect(features.contains(Substring(word)) || !hostTiers.contains(tier))
      }
      #expect(features.contains("avx2") || ck_host_tier() == CK_TIER_SCALAR)
    #endif
    // a small buffer truncates, and stays terminated
    let (short, empty) = unsafe (text(ck_cpu_name, capacity: 4), text(ck_cpu_features, capacity: 1))
    #expect(short.utf8.count <= 3 && empty.isEmpty)
  }

  @Test func tierNames() {
    #expect(
      allTiers.map(name) == [
        "scalar", "avx2", "avx2_vnni", "avx512", "avx512_vnni", "avx512_bf16", "amx", "neon", "neon_dotprod",
      ])
    #expect(name(ck_tier(rawValue: 77)) == "unknown")
  }
}
