import Glibc
import TaperAuditor
import TaperPlanFormat

/// Measured over predicted time on logarithmic axes: large dots are input lengths end to end, small ones the ops at the
/// reference length; the band is the tolerance.
struct ResidualScatter {
  let report: AuditReport

  func render() -> String? {
    guard !points.isEmpty else { return nil }
    return draw(width: 720, height: 440, kind: "wide") + draw(width: 360, height: 330, kind: "narrow")
  }

  private struct Point {
    var predicted: Double
    var measured: Double
    var kind: String
    var title: String
  }

  private var points: [Point] {
    let ops = report.ops.map { op in
      Point(
        predicted: Double(op.predicted.rawValue), measured: Double(op.measured.rawValue), kind: "op",
        title: "\(op.label): ")
    }
    let lengths = report.lengths.map { length in
      Point(
        predicted: Double(length.predicted.rawValue), measured: Double(length.measured.p50.rawValue),
        kind: "measured", title: "\(length.tokens) tokens: ")
    }
    return (ops + lengths).filter { $0.predicted > 0 && $0.measured > 0 }
  }

  /// "200 ns", "50 µs", "2 ms".
  private static func timeText(_ nanoseconds: Double) -> String {
    for (unit, size) in [("s", 1e9), ("ms", 1e6), ("µs", 1e3)] where nanoseconds >= size * 0.9995 {
      return Plot.plain(nanoseconds / size) + " " + unit
    }
    return Plot.plain(nanoseconds) + " ns"
  }

  private func draw(width: Double, height: Double, kind: String) -> String {
    let values = points.flatMap { [$0.predicted, $0.measured] }
    let axis = LogAxis(from: values.min() ?? 1, upTo: values.max() ?? 1)
    let plot = Plot(
      width: width, height: height, left: 58, right: 18, xLimit: axis.limit, yLimit: axis.limit,
      xBase: axis.base,
      yBase: axis.base)
    let ticks = axis.ticks.map { ($0, Self.timeText(pow(10, $0))) }
    var svg = plot.frame(yTicks: ticks, xTicks: ticks, xName: "predicted")
    let (upper, lower) = (log10(1 + report.tolerance), log10(max(0.01, 1 - report.tolerance)))
    let band = [
      (axis.base, axis.base + upper), (axis.limit - upper, axis.limit), (axis.limit, axis.limit),
      (axis.limit, axis.limit + lower), (axis.base - lower, axis.base), (axis.base, axis.base),
    ]
    svg += "<polygon class=\"interval\" points=\"\(plot.points(band))\"/>"
    svg += plot.line("axis", plot.x(axis.base), plot.y(axis.base), plot.x(axis.limit), plot.y(axis.limit))
    for point in points {
      let isOp = point.kind == "op"
      svg += plot.circle(
        point.kind, log10(point.predicted), log10(point.measured), radius: isOp ? 3 : 5.5,
        title: point.title
          + "predicted \(NumberText.time(Nanoseconds(UInt64(point.predicted)))), measured \(NumberText.time(Nanoseconds(UInt64(point.measured)))), "
          + NumberText.signedPercent(point.measured / point.predicted - 1))
    }
    svg += plot.text("tick", plot.left + 6, plot.top + 12, "measured")
    return plot.wrap(svg, kind: kind, title: "Measured over predicted time, with the band of the tolerance")
  }
}
