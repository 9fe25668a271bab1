internal import CTaperKernels
internal import Glibc

/// Instruction-set tiers of the row-wise kernels, as `ck_tier` numbers them.
public enum KernelTier: UInt32, CaseIterable, BitwiseCopyable, Hashable, Sendable {
  case scalar = 0
  case avx2 = 1
  case avx2VNNI = 2
  case avx512 = 3
  case avx512VNNI = 4
  case avx512BF16 = 5
  case amx = 6
  case neon = 8
  case neonDotProduct = 9

  /// The best tier of this CPU, capped by the environment variable TAPER_MAX_TIER.
  public static var detected: KernelTier { KernelTier(ck_detect_tier()) }

  /// The tiers that this build and CPU have, ascending, regardless of TAPER_MAX_TIER.
  public static var available: [KernelTier] {
    allCases.filter { unsafe ck_table_tier(ck_kernels($0.ckTier)) == $0.ckTier }
  }

  /// The name in TAPER_MAX_TIER, in profiles and in plans.
  public var name: String { unsafe String(cString: ck_tier_name(ckTier)) }

  /// The tier of that name; nil for a name this version does not know.
  public init?(name: String) {
    guard let tier = KernelTier.allCases.first(where: { $0.name == name }) else { return nil }
    self = tier
  }

  /// Checks that TAPER_MAX_TIER names a tier: detection ignores other values, and the user should be told.
  /// - Throws: `RuntimeError.unknownTier`.
  public static func checkCap() throws(RuntimeError) {
    guard let value = unsafe getenv("TAPER_MAX_TIER") else { return }
    let name = unsafe String(cString: value)
    if KernelTier(name: name) == nil { throw .unknownTier(name) }
  }

  init(_ tier: ck_tier) { self = KernelTier(rawValue: tier.rawValue) ?? .scalar }
  var ckTier: ck_tier { ck_tier(rawValue: rawValue) }
}
