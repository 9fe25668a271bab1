import ArgumentParser
import Glibc
import TaperDeviceProfile
import TaperJSON
import TaperPlanFormat
import TaperPlanRuntime
import TaperProfiler

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Whether a device profile still says what this machine does.",
    discussion: """
      Compares the profile's fingerprint with this machine's and times a few of its points again, under the tier it was \
      measured with. Exit 1 when times have drifted, 4 when the profile is of another machine, 69 when the machine is too noisy \
      to tell.
      """)

  @Option(help: "The device profile.") var device: String
  @Option(Share.self, help: "Largest median drift that still fits (default: 10%).")
  var tolerance = 0.1
  @Flag(help: "The findings as JSON.") var json = false

  func run() throws {
    try ExitStatus.catching {
      let profile = try Inputs.deviceProfile(device)
      var here = Fingerprint.current()
      // A profile under a tier cap is of this machine when the cap is put on it; points are timed under it.
      if KernelTier.available.contains(where: { $0.name == profile.fingerprint.tier }) {
        here.tier = profile.fingerprint.tier
        here.environment = here.environment.withoutTierCap
      }
      var there = profile.fingerprint
      there.environment = there.environment.withoutTierCap
      let differences = there.differences(from: here)
      var bar = ProgressBar()
      let again = try Profiler.measureAgain(profile) { bar.update($0, "timing a few points again") }
      bar.finish()
      let fit = ProfileFit(
        tolerance: tolerance, differences: differences, drifts: drifts(profile, again),
        isNoisy: again.noise.figure > ProfilingRequest.defaultNoiseLimit)
      Console.print(
        json
          ? JSONValue.object(object(profile, fit, again)).serialized(pretty: true) : text(profile, fit, again)
      )
      switch fit.verdict {
      case .fits: break
      case .drifted: throw ExitCode(ExitStatus.findings.rawValue)
      case .otherMachine: throw ExitCode(ExitStatus.doesNotFitDevice.rawValue)
      case .noisy: throw ExitCode(ExitStatus.tooNoisy.rawValue)
      }
    }
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

  private func object(_ profile: DeviceProfile, _ fit: ProfileFit, _ again: Remeasurement) -> JSONObject {
    var object = JSONObject([
      ("schema_version", 1), ("device", .string(profile.name)), ("digest", .string(profile.digest.hex)),
      ("created", .string(profile.created)),
    ])
    object["age_days"] = age(profile).map { JSONValue($0) } ?? nil
    object["verdict"] = .string(fit.verdict.rawValue)
    object["tolerance"] = .number(fit.tolerance)
    object["differences"] = .array(fit.differences.map { .string($0) })
    object["noise"] = .number(again.noise.figure)
    object["tier"] = .string(profile.fingerprint.tier)
    object["available_tiers"] = .array(KernelTier.available.map { .string($0.name) })
    object["threads"] = .array(fit.drifts.map { json($0) })
    object["points"] = .array(again.points.map { json($0) })
    return object
  }

  private func json(_ drift: ProfileFit.Drift) -> JSONValue {
    func number(_ value: Double?) -> JSONValue { value.map { JSONValue.number($0) } ?? nil }
    return [
      "threads": JSONValue(drift.threads), "median_drift": .number(drift.median),
      "stray_share": .number(drift.strayShare), "compute_drift": number(drift.compute),
      "bandwidth_drift": number(drift.bandwidth),
    ]
  }

  private func json(_ point: RemeasuredPoint) -> JSONValue {
    [
      "kernel": .string(point.kernel.name ?? ""), "columns": JSONValue(point.shape.columns),
      "depth": JSONValue(point.shape.depth), "threads": JSONValue(point.threads),
      "rows": JSONValue(point.rows),
      "inner_rows": JSONValue(point.innerRows), "then_ns": JSONValue(Int(point.then.rawValue)),
      "now_ns": JSONValue(Int(point.now.rawValue)),
    ]
  }

  private func text(_ profile: DeviceProfile, _ fit: ProfileFit, _ again: Remeasurement) -> String {
    let days = age(profile).map { ", \(NumberText.count($0, "day")) old" } ?? ""
    var table = Table(header: ["threads", "median drift", "stray points", "arithmetic", "memory"])
    for drift in fit.drifts {
      table.rows.append([
        "\(drift.threads)", NumberText.signedPercent(drift.median), NumberText.percent(drift.strayShare, 0),
        drift.compute.map { NumberText.signedPercent($0) } ?? "?",
        drift.bandwidth.map { NumberText.signedPercent($0) } ?? "?",
      ])
    }
    let verdict =
      switch fit.verdict {
      case .fits: "fits: times are what the profile says, within \(NumberText.percent(fit.tolerance, 0))"
      case .drifted:
        "drifted: \(reason(fit)); profile again with taper profile"
      case .otherMachine:
        "other machine: \(fit.differences.joined(separator: ", ")) differ; plans from this profile are for the machine it names"
      case .noisy:
        "noisy: the machine varied by \(NumberText.percent(again.noise.figure, 0)), too much to tell"
      }
    return """
      \(profile.name): \(profile.fingerprint.cpu), tier \(profile.fingerprint.tier) \
      (here: \(KernelTier.available.map(\.name).joined(separator: ", ")))
      digest \(profile.digest.hex), created \(profile.created.isEmpty ? "at no known date" : profile.created)\(days)
      \(table.rendered())
      \(verdict)
      """
  }

  /// The references have nothing to do with our kernels: when they moved as well, it is the machine.
  private func reason(_ fit: ProfileFit) -> String {
    let moved = fit.drifts.contains {
      abs($0.compute ?? 0) > fit.tolerance || abs($0.bandwidth ?? 0) > fit.tolerance
    }
    return moved
      ? "the machine is not as fast as it was, or faster"
      : "the machine is as fast as it was, but ops take another time"
  }
}

extension [EnvironmentVariable] {
  fileprivate var withoutTierCap: [EnvironmentVariable] { filter { $0.name != "TAPER_MAX_TIER" } }
}
