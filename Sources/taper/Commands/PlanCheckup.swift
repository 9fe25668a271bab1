import ArgumentParser
import TaperAuditor
import TaperBase
import TaperDeviceProfile
import TaperPlanFormat
import TaperPlanRuntime
import TaperReportRendering

/// `taper doctor PLAN`: whether a plan's predicted times hold on this machine, without texts.
struct PlanCheckup {
  let path: String
  let tolerance: Double
  let json: Bool

  /// Few, for an answer in seconds; `taper audit` says more.
  private static let runs = 50

  func run() throws {
    let loaded = try Inputs.plan(path)
    let predictions = loaded.plan.predictions
    guard loaded.missingTier == nil, !predictions.lengths.isEmpty else { return try finish(loaded, nil) }
    var bar = ProgressBar()
    let timings = try LatencyBench(loaded).measure(
      lengths: predictions.referenceLengths.map(Int.init), runs: Self.runs,
      noiseBound: ReferenceNoise.defaultBound
    ) { bar.update($0, "timing") }
    bar.finish()
    try finish(loaded, timings)
  }

  /// - Parameter timings: nil when there is nothing to compare with on this machine.
  private func finish(_ loaded: LoadedPlan, _ timings: LatencyTimings?) throws {
    let plan = loaded.plan
    let rows = (timings?.lengths ?? []).map { timing in
      let predicted = plan.predictions.lengths[timing.tokens - 1].planned.time
      let measured = timing.percentiles.p50
      return (
        timing.tokens, predicted, measured, Double(measured.rawValue) / Double(max(1, predicted.rawValue)) - 1
      )
    }
    let verdict: ProfileFit.Verdict =
      switch timings {
      case nil: .otherMachine
      case let timings? where timings.noise.isNoisy: .noisy
      default: rows.contains { abs($0.3) > tolerance } ? .drifted : .fits
      }
    let report = Report("doctor", of: plan.identity.modelName) {
      ReportNode.data("plan", path)
      ReportNode.paragraph("planned for \(plan.identity.deviceName), tier \(plan.identity.tier)", .plain)
      ReportNode.data("verdict", verdict.rawValue)
      ReportNode.data("tolerance", .share(tolerance))
      ReportNode.data("tier", plan.identity.tier)
      ReportNode.data("available_tiers", .texts(KernelTier.available.map(\.name)))
      if let timings { ReportNode.data("noise", timings.noise.value) }
      ReportTable(
        key: "lengths",
        [
          .init("tokens", key: "tokens", .left), .init("predicted", key: "predicted_ns"),
          .init("measured", key: "measured_ns"), .init("residual", key: "residual"),
        ], style: .ruled,
        rows: rows.map { .init([.integer($0.0), .predicted(.time($0.1)), .time($0.2), .change($0.3)]) })
      ReportNode.paragraph(words(verdict, loaded, timings), .plain)
    }
    try Console.print(report, json: json)
    try verdict.exit()
  }

  private func words(_ verdict: ProfileFit.Verdict, _ loaded: LoadedPlan, _ timings: LatencyTimings?)
    -> String
  {
    let percent = NumberText.percent(tolerance, 0)
    return switch verdict {
    case .fits: "fits: medians are within \(percent) of the plan's predictions"
    case .drifted:
      "drifted: medians are more than \(percent) off; profile this machine with taper profile, and plan again"
    case .otherMachine: "other machine: \(loaded.missingTier.map { "\($0)" } ?? "the plan predicts no times")"
    case .noisy: "noisy: " + (timings?.noise.words ?? "")
    }
  }
}
