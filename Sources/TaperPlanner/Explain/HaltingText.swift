public import TaperPlanFormat

/// A plan's halting points in words, for `taper explain` and `taper plan`. Every number is the plan's own.
public enum HaltingText {
  /// None for a plan that does not halt.
  public static func lines(_ plan: Plan) -> [String] {
    guard let halting = plan.halting else { return [] }
    let cap = plan.schedule.layerCount
    let points = plan.haltingPoints.map(String.init).joined(separator: ", ")
    let rule = plan.haltingRule.map { $0 == .tight ? "the tighter rule" : "the authors' rule" } ?? "no rule"
    let isCapped = cap < Int(halting.layers)
    var lines = [
      (points.isEmpty ? "halting points: none" : "halting points after layers \(points), by \(rule)")
        + (isCapped ? "; capped at \(cap) of \(halting.layers) layers" : "; no cap below the \(cap) layers")
    ]
    let longest = plan.schedule.maximumLength
    let depths = 1...max(1, cap)
    let times = depths.compactMap { plan.predictedTime(length: longest, depth: $0) }
    guard times.count == cap else { return lines }
    lines.append(row("ends after layer", depths.map(String.init)))
    lines.append(row("~time at \(longest) tokens", times.map { "~" + NumberText.time($0) }))
    guard let measured = halting.measured else {
      return lines + ["  how often each: unknown, planned without a calibration"]
    }
    let texts = Double(max(1, measured.texts))
    lines.append(
      row("calibration texts", measured.histogram.map { NumberText.percent(Double($0) / texts) }))
    lines.append(
      "  \(measured.texts) calibration texts: \(NumberText.fixed(measured.meanDepth, 2)) layers on average, "
        + "\(NumberText.percent(measured.capShare)) to the last")
    lines.append(
      "  expected ~\(NumberText.time(measured.time.mean)) on average, p50 ~\(NumberText.time(measured.time.p50)), "
        + "p90 ~\(NumberText.time(measured.time.p90)), p99 ~\(NumberText.time(measured.time.p99)); "
        + "worst case ~\(NumberText.time(times[cap - 1])) at \(longest) tokens")
    return lines
  }

  private static func row(_ title: String, _ cells: [String]) -> String {
    "  " + title.leftAligned(22) + cells.map { $0.rightAligned(10) }.joined()
  }
}
