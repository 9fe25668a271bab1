import TaperBase
import TaperProfiler

/// Says how often a CPU quota paused the process while something was measured: the reason for times that nothing else
/// explains, above all in containers.
struct QuotaWatch {
  private let start = CPUBudget.current

  func report() {
    let end = CPUBudget.current
    let pauses = end.throttledPeriods - start.throttledPeriods
    guard let quota = end.quota, pauses > 0 else { return }
    Console.note(
      "warning: the control group's quota of \(NumberText.fixed(quota, 2)) CPUs paused this process in "
        + "\(NumberText.count(pauses, "period")), which the times include; raise the quota, or use fewer --threads"
    )
  }
}
