import ArgumentParser
import Glibc
import TaperBase
import TaperDeviceProfile
import TaperPlanFormat
import TaperPlanRuntime
import TaperProfiler
import TaperReportRendering

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Checks whether a device profile, or a plan's predicted times, fit this machine.",
    discussion: """
      Compares the profile's fingerprint with this machine's and, where it is the same, measures a few of its points \
      again with the kernel tier it was measured with. Of a plan: runs it at its reference lengths. Exit 1 when times \
      have drifted, 4 when the profile is of another machine, 69 when the machine is too noisy to tell.
      """)

  @Argument(help: "A plan.") var plan: String?
  @Option(help: "A device profile.") var device: String?
  @Option(Share.self, help: "Largest median drift that still fits (default: 10%).")
  var tolerance = 0.1
  @Flag(help: "The findings as JSON.") var json = false

  func run() throws {
    try ExitStatus.catching {
      switch (plan, device) {
      case (let plan?, nil): try PlanCheckup(path: plan, tolerance: tolerance, json: json).run()
      case (nil, let device?): try examine(Inputs.deviceProfile(device))
      default:
        throw CommandError.usage(
          "doctor: expected a plan or --device and a profile; found \(plan == nil ? "neither" : "both")")
      }
    }
  }

  private func examine(_ profile: DeviceProfile) throws {
    var here = Fingerprint.current()
    BLASCoreWarning.show(for: here)
    // A profile measured under a tier cap fits a machine that can run that tier; points are timed under the same cap.
    if KernelTier.available.contains(where: { $0.name == profile.fingerprint.tier }) {
      here.tier = profile.fingerprint.tier
      here.environment = here.environment.withoutTierCap
    }
    var there = profile.fingerprint
    there.environment = there.environment.withoutTierCap
    let differences = there.differences(from: here)
    // Another machine's times say nothing about this one's profile.
    let again = differences.isEmpty ? try measureAgain(profile) : nil
    let fit = ProfileFit(
      tolerance: tolerance, differences: differences, drifts: again.map { drifts(profile, $0) } ?? [],
      isNoisy: again.map { $0.noise.figure > ProfilingRequest.defaultNoiseLimit } ?? false)
    try Console.print(report(profile, fit, again), json: json)
    try fit.verdict.exit()
  }

  private func measureAgain(_ profile: DeviceProfile) throws -> Remeasurement {
    var bar = ProgressBar()
    defer { bar.finish() }
    return try Profiler.measureAgain(profile) { bar.update($0, "timing a few points again") }
  }

  private func drifts(_ profile: DeviceProfile, _ again: Remeasurement) -> [ProfileFit.Drift] {
    again.references.keys.sorted().map { threads in
      let points = again.points.filter { $0.threads == threads }
      func change(_ part: (ReferenceTimes) -> Nanoseconds) -> Double? {
        guard let now = again.references[threads], let then = profile.figures(threads: threads)?.references
        else {
          return nil
        }
        return Double(part(now).rawValue) / Double(max(1, part(then).rawValue)) - 1
      }
      return ProfileFit.Drift(
        threads: threads, then: points.map(\.then.rawValue), now: points.map(\.now.rawValue),
        tolerance: tolerance,
        compute: change(\.compute), bandwidth: change(\.bandwidth))
    }
  }

  /// Days since the profile was made; nil when it does not say.
  private func age(_ profile: DeviceProfile) -> Int? {
    CalendarDay(profile.created).map { CalendarDay.today().number - $0.number }
  }

  private func report(_ profile: DeviceProfile, _ fit: ProfileFit, _ again: Remeasurement?) -> Report {
    let age = age(profile)
    let days = age.map { ", \(NumberText.count($0, "day")) old" } ?? ""
    let fingerprint = profile.fingerprint
    return Report("doctor", of: profile.name) {
      ReportNode.data("device", profile.name)
      ReportNode.data("digest", profile.digest.hex)
      ReportNode.data("created", profile.created)
      ReportNode.data("age_days", ReportValue(age) { .integer($0) })
      ReportNode.paragraph(
        "\(profile.name): \(fingerprint.cpu), tier \(fingerprint.tier) "
          + "(here: \(KernelTier.available.map(\.name).joined(separator: ", ")))", .plain)
      ReportNode.paragraph(
        "digest \(profile.digest.hex), created "
          + "\(profile.created.isEmpty ? "at no known date" : profile.created)\(days)", .plain)
      ReportNode.data("verdict", fit.verdict.rawValue)
      ReportNode.data("tolerance", .share(fit.tolerance))
      ReportNode.data("differences", .texts(fit.differences))
      ReportNode.data("noise", ReportValue(again) { .share($0.noise.figure) })
      ReportNode.data("tier", fingerprint.tier)
      ReportNode.data("available_tiers", .texts(KernelTier.available.map(\.name)))
      table(fit.drifts)
      ReportNode.paragraph(verdict(fit, noise: again?.noise.figure ?? 0), .plain)
      ReportNode.data("points", .list((again?.points ?? []).map(value)))
    }
  }

  private func table(_ drifts: [ProfileFit.Drift]) -> ReportTable {
    func change(_ drift: Double?) -> ReportValue { drift.map { .change($0) } ?? .shown("?", .none) }
    return ReportTable(
      key: "threads",
      [
        .init("threads", key: "threads", .left), .init("median drift", key: "median_drift"),
        .init("stray points", key: "stray_share"), .init("compute", key: "compute_drift"),
        .init("memory", key: "bandwidth_drift"),
      ], style: .ruled,
      rows: drifts.map { drift in
        .init([
          .integer(drift.threads), .change(drift.median), .share(drift.strayShare, decimals: 0),
          change(drift.compute), change(drift.bandwidth),
        ])
      })
  }

  private func value(_ point: RemeasuredPoint) -> ReportValue {
    .record([
      "kernel": .text(point.kernel.name ?? ""), "columns": .integer(point.shape.columns),
      "depth": .integer(point.shape.depth), "threads": .integer(point.threads), "rows": .integer(point.rows),
      "inner_rows": .integer(point.innerRows), "then_ns": .time(point.then), "now_ns": .time(point.now),
    ])
  }

  private func verdict(_ fit: ProfileFit, noise: Double) -> String {
    switch fit.verdict {
    case .fits: "fits: measured times agree with the profile within \(NumberText.percent(fit.tolerance, 0))"
    case .drifted: "drifted: \(reason(fit)); profile again with taper profile"
    case .otherMachine:
      "other machine: \(fit.differences.joined(separator: ", ")) differ; use plans from this profile only on the "
        + "machine it names"
    case .noisy: "noisy: the machine's speed varied by \(NumberText.percent(noise, 0)), too much to tell"
    }
  }

  /// The reference kernels do not depend on Taper's kernels: when their times changed as well, the machine changed.
  private func reason(_ fit: ProfileFit) -> String {
    let moved = fit.drifts.contains {
      abs($0.compute ?? 0) > fit.tolerance || abs($0.bandwidth ?? 0) > fit.tolerance
    }
    return moved
      ? "the machine's speed has changed"
      : "the machine's speed is unchanged, but the times of ops have changed"
  }
}

extension ProfileFit.Verdict {
  /// Ends the command with the exit code that fits; returns where that is 0.
  func exit() throws {
    switch self {
    case .fits: break
    case .drifted: throw ExitCode(ExitStatus.findings.rawValue)
    case .otherMachine: throw ExitCode(ExitStatus.doesNotFitDevice.rawValue)
    case .noisy: throw ExitCode(ExitStatus.tooNoisy.rawValue)
    }
  }
}

extension [EnvironmentVariable] {
  fileprivate var withoutTierCap: [EnvironmentVariable] { filter { $0.name != "TAPER_MAX_TIER" } }
}
