/// What identifies a machine as far as times depend on it. Profiles are comparable only when fingerprints agree.
public struct Fingerprint: Hashable, Sendable {
  /// The CPU's brand string.
  public var cpu: String
  /// CPU features ("avx2", "avx512f", "amx_tile", …) in the order of detection.
  public var features: [String]
  /// The instruction-set tier that kernels ran on, as limited by TAPER_MAX_TIER.
  public var tier: String
  /// "L1d", "L2", "L3" → bytes, ascending by level; empty where the system does not report them.
  public var caches: [CacheSize]
  /// CPUs that the process may use.
  public var cores: Int
  /// openblas_get_corename() and openblas_get_config().
  public var blasCore: String
  public var blasConfiguration: String
  /// OPENBLAS_* and TAPER_MAX_TIER as set, ascending by name.
  public var environment: [EnvironmentVariable]
  /// Kernel name and release.
  public var system: String

  public init(
    cpu: String, features: [String], tier: String, caches: [CacheSize], cores: Int, blasCore: String,
    blasConfiguration: String, environment: [EnvironmentVariable], system: String
  ) {
    self.cpu = cpu
    self.features = features
    self.tier = tier
    self.caches = caches
    self.cores = cores
    self.blasCore = blasCore
    self.blasConfiguration = blasConfiguration
    self.environment = environment
    self.system = system
  }

  /// The names of fields that differ and affect times. The system's release does not count.
  public func differences(from other: Fingerprint) -> [String] {
    var names: [String] = []
    if cpu != other.cpu { names.append("cpu") }
    if Set(features) != Set(other.features) { names.append("features") }
    if tier != other.tier { names.append("tier") }
    if caches != other.caches { names.append("caches") }
    if cores != other.cores { names.append("cores") }
    if blasCore != other.blasCore { names.append("blas_core") }
    if blasConfiguration != other.blasConfiguration { names.append("blas_configuration") }
    if environment != other.environment { names.append("environment") }
    return names
  }
}

/// A data or unified cache of one core.
public struct CacheSize: Hashable, Sendable {
  public var level: String
  public var byteCount: Int
  public init(level: String, byteCount: Int) {
    self.level = level
    self.byteCount = byteCount
  }
}

public struct EnvironmentVariable: Hashable, Sendable {
  public var name: String
  public var value: String
  public init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}
