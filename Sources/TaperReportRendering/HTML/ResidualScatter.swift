import Glibc
import TaperAuditor
import TaperPlanFormat

/// Residuals over predicted time (logarithmic): large dots are input lengths end to end, small ones the ops at the reference
/// length; the band is the tolerance. What is further off than the axis goes stands at its edge as a ring.
struct ResidualScatter {
  let report: AuditReport

  func render() -> String? {
    guard !points.isEmpty else { return nil }
    return draw(width: 720, height: 360, kind: "wide") + draw(width: 360, height: 300, kind: "narrow")
  }

  private struct Point {
    var predicted: Nanoseconds
    var measured: Nanoseconds
    var residual: Double
    var isOp: Bool
    var title: String
  }

  private var points: [Point] {
    let ops = report.ops.compactMap { op in
      op.residual.map {
        Point(
          predicted: op.predicted, measured: op.measured, residual: $0, isOp: true,
          title: "layer \(op.layer), \(op.label)")
      }
    }
    let lengths = report.lengths.compactMap { length in
      length.residual.map {
        Point(
          predicted: length.predicted, measured: length.measured.p50, residual: $0, isOp: false,
          title: NumberText.count(length.tokens, "token"))
      }
    }
    return ops + lengths
  }

  /// The largest residual shown where it is: every length's, and no less than six times the tolerance.
  private var reach: Double {
    let lengths = report.lengths.compactMap(\.residual).map(abs).max() ?? 0
    return min(1, max(6 * report.tolerance, 1.2 * lengths))
  }

  private func draw(width: Double, height: Double, kind: String) -> String {
    let times = points.map { Double($0.predicted.rawValue) }
    let xAxis = LogAxis(from: times.min() ?? 1, upTo: times.max() ?? 1)
    let yAxis = Axis(from: -reach, upTo: reach, count: 6)
    let plot = Plot(
      width: width, height: height, left: 58, right: 18, xLimit: xAxis.limit, yLimit: yAxis.limit,
      xBase: xAxis.base, yBase: yAxis.base)
    var svg = plot.frame(
      yTicks: yAxis.ticks.map {
        ($0, abs($0) < 1e-9 ? "0" : NumberText.signedPercent($0).replacing(".0", with: ""))
      },
      xTicks: xAxis.ticks.map { ($0, Plot.timeTick(pow(10, $0))) }, xName: "predicted time")
    let tolerance = min(report.tolerance, yAxis.limit)
    let band = [
      (xAxis.base, tolerance), (xAxis.limit, tolerance), (xAxis.limit, -tolerance), (xAxis.base, -tolerance),
    ]
    svg += "<polygon class=\"interval\" points=\"\(plot.points(band))\"/>"
    svg += plot.line("axis", plot.left, plot.y(0), plot.width - plot.right, plot.y(0))
    for point in points {
      let shown = min(yAxis.limit, max(yAxis.base, point.residual))
      let kind = (point.isOp ? "op" : "measured") + (shown == point.residual ? "" : " beyond")
      svg += plot.circle(
        kind, log10(Double(point.predicted.rawValue)), shown, radius: point.isOp ? 3 : 5.5,
        title: "\(point.title): predicted \(NumberText.time(point.predicted)), measured "
          + "\(NumberText.time(point.measured)), \(NumberText.signedPercent(point.residual))")
    }
    return plot.wrap(
      svg, kind: kind, title: "Measured less predicted, by predicted time, with the band of the tolerance")
  }
}
