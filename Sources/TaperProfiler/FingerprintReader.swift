internal import COpenBLAS
internal import CTaperKernels
internal import Glibc
public import TaperDeviceProfile

extension Fingerprint {
  /// The fingerprint of this machine and process.
  ///
  /// OPENBLAS_NUM_THREADS is left out of the environment, because Taper itself sets it to 1 when the program starts.
  public static func current() -> Fingerprint {
    unsafe Fingerprint(
      cpu: text { unsafe ck_cpu_name($0, $1) },
      features: text { unsafe ck_cpu_features($0, $1) }.split(separator: " ").map(String.init),
      tier: unsafe String(cString: ck_tier_name(ck_detect_tier())), caches: caches(),
      cores: Int(ck_available_cpus()), blasCore: unsafe String(cString: openblas_get_corename()),
      blasConfiguration: unsafe String(cString: openblas_get_config()), environment: environment(),
      system: system())
  }

  private static func text(_ fill: (UnsafeMutablePointer<CChar>, UInt32) -> Void) -> String {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4096) { buffer in
      unsafe buffer.initialize(repeating: 0)
      unsafe fill(buffer.baseAddress!, 4095)
      return unsafe String(cString: buffer.baseAddress!)
    }
  }

  private static func caches() -> [CacheSize] {
    let levels = [
      ("L1d", _SC_LEVEL1_DCACHE_SIZE), ("L2", _SC_LEVEL2_CACHE_SIZE), ("L3", _SC_LEVEL3_CACHE_SIZE),
    ]
    return levels.compactMap { level, name in
      let size = sysconf(Int32(name))
      return size > 0 ? CacheSize(level: level, byteCount: size) : nil
    }
  }

  private static func environment() -> [EnvironmentVariable] {
    var variables: [EnvironmentVariable] = []
    var place = unsafe environ
    while let line = unsafe place.pointee {
      let pair = unsafe String(cString: line).split(
        separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = String(pair[0])
      if name == "TAPER_MAX_TIER" || (name.hasPrefix("OPENBLAS_") && name != "OPENBLAS_NUM_THREADS"),
        pair.count == 2,
        !variables.contains(where: { $0.name == name })
      {
        variables.append(EnvironmentVariable(name: name, value: String(pair[1])))
      }
      unsafe place += 1
    }
    return variables.sorted { $0.name < $1.name }
  }

  private static func system() -> String {
    var names = utsname()
    guard unsafe uname(&names) == 0 else { return "unknown" }
    func string<Field>(_ field: Field) -> String {
      unsafe withUnsafeBytes(of: field) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
    }
    return "\(string(names.sysname)) \(string(names.release)) \(string(names.machine))"
  }
}
