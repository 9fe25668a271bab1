internal import CTaperKernels
internal import TaperBase

/// How much of the machine's CPUs this process may use: those of its affinity mask, and of a control group's quota the
/// time that every period allows. A process that has used up its quota is paused until the period ends, so its times
/// are of runs with pauses.
public struct CPUBudget: Hashable, Sendable {
  /// CPUs of the affinity mask.
  public var cpus: Int
  /// CPU seconds a second; nil: no quota.
  public var quota: Double?
  /// Periods in which the quota was used up, so far.
  public var throttledPeriods: Int

  public static var current: CPUBudget {
    let (quota, throttled) = ControlGroup.cpu(process: "/proc/self/cgroup", root: "/sys/fs/cgroup")
    return CPUBudget(cpus: Int(ck_available_cpus()), quota: quota, throttledPeriods: throttled)
  }

  public init(cpus: Int, quota: Double? = nil, throttledPeriods: Int = 0) {
    self.cpus = cpus
    self.quota = quota
    self.throttledPeriods = throttledPeriods
  }

  /// Workers that do not have to wait for each other's CPU time; at least 1.
  public var threads: Int { max(1, min(cpus, quota.map { Int($0) } ?? cpus)) }
}

/// What the kernel's control groups (versions 1 and 2) say of CPU time.
package enum ControlGroup {
  /// The least quota of the process's group and those above it, and the periods in which one was used up.
  /// - Parameters:
  ///   - process: the file with the process's groups.
  ///   - root: where the groups are mounted.
  package static func cpu(process: String, root: String) -> (quota: Double?, throttledPeriods: Int) {
    var quota: Double?
    var throttled = 0
    for line in lines(process) {
      // "hierarchy:controllers:path"; version 2 has no controllers here.
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let isUnified = parts[1].isEmpty
      guard isUnified || parts[1].split(separator: ",").contains("cpu") else { continue }
      var path = String(parts[2])
      while true {
        let folder = root + (isUnified ? "" : "/cpu") + (path == "/" ? "" : path)
        if let limit = isUnified ? unified(folder) : legacy(folder) { quota = min(quota ?? limit, limit) }
        throttled = max(throttled, value("nr_throttled", in: lines(folder + "/cpu.stat")))
        guard let slash = path.lastIndex(of: "/"), path != "/" else { break }
        path = slash == path.startIndex ? "/" : String(path[..<slash])
      }
    }
    return (quota, throttled)
  }

  /// cpu.max: "50000 100000" microseconds of a period, or "max 100000".
  private static func unified(_ folder: String) -> Double? {
    let words = lines(folder + "/cpu.max").first?.split(separator: " ") ?? []
    guard words.count == 2, let time = Double(words[0]), let period = Double(words[1]), period > 0 else {
      return nil
    }
    return time / period
  }

  private static func legacy(_ folder: String) -> Double? {
    guard let time = lines(folder + "/cpu.cfs_quota_us").first.flatMap({ Double($0) }), time > 0,
      let period = lines(folder + "/cpu.cfs_period_us").first.flatMap({ Double($0) }), period > 0
    else { return nil }
    return time / period
  }

  private static func value(_ key: String, in lines: [String]) -> Int {
    lines.lazy.compactMap { line in
      let words = line.split(separator: " ")
      return words.count == 2 && words[0] == key ? Int(words[1]) : nil
    }.first ?? 0
  }

  /// None when the file cannot be read.
  private static func lines(_ path: String) -> [String] {
    guard let bytes = try? WholeFile.read(path, limit: 1 << 20) else { return [] }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }
}
