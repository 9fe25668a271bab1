import TaperProfiler
import TestSupport
import Testing

@Suite struct CPUBudgetTests {
  private let folder = TemporaryDirectory()

  private func cpu(_ groups: String, _ files: [(String, String)]) -> (quota: Double?, throttledPeriods: Int) {
    for (name, text) in files { folder.write(name, text) }
    return ControlGroup.cpu(process: folder.write("cgroup", groups), root: folder.path)
  }

  /// The least of the process's group and those above it.
  @Test func unifiedGroups() {
    let found = cpu(
      "0::/pod/box\n",
      [
        ("pod/box/cpu.max", "150000 100000\n"), ("pod/cpu.max", "50000 100000\n"),
        ("cpu.max", "max 100000\n"),
        ("pod/cpu.stat", "usage_usec 9\nnr_periods 40\nnr_throttled 12\n"),
      ])
    #expect(found.quota == 0.5 && found.throttledPeriods == 12)
  }

  @Test func groupsOfVersionOne() {
    let found = cpu(
      "5:cpuset:/x\n4:cpu,cpuacct:/docker/a\n1:name=systemd:/b\n",
      [
        ("cpu/docker/a/cpu.cfs_quota_us", "250000\n"), ("cpu/docker/a/cpu.cfs_period_us", "100000\n"),
        ("cpu/docker/cpu.cfs_quota_us", "-1\n"), ("cpu/docker/cpu.cfs_period_us", "100000\n"),
      ])
    #expect(found.quota == 2.5 && found.throttledPeriods == 0)
  }

  @Test(arguments: ["", "0::/\n", "nonsense\n", "4:cpu:/gone\n"]) func noQuota(groups: String) {
    #expect(cpu(groups, [("cpu.max", "max 100000")]).quota == nil)
  }

  @Test func threads() {
    #expect(CPUBudget(cpus: 8).threads == 8)
    #expect(CPUBudget(cpus: 8, quota: 2.5).threads == 2)
    #expect(CPUBudget(cpus: 8, quota: 0.5).threads == 1)
    #expect(CPUBudget(cpus: 1, quota: 4).threads == 1)
    #expect(CPUBudget.current.threads >= 1)
  }
}
