import Glibc
import TaperAuditor
import TaperBase
import TaperPlanFormat

extension Chart {
  /// Residuals over predicted time (logarithmic): large dots are input lengths end to end, small ones the ops at the
  /// reference length; the band is the tolerance. What is further off than the axis goes stands at its edge as a
  /// ring.
  static func residuals(_ report: AuditReport) -> Chart? {
    let points = residualPoints(report)
    guard !points.isEmpty else { return nil }
    var legend = [LegendItem("measured dot", "input lengths, end to end")]
    if !report.ops.isEmpty { legend.append(LegendItem("op dot", "ops")) }
    legend.append(LegendItem("interval", "within \(NumberText.percent(report.tolerance, 0))"))
    return Chart(
      title: "Residuals", label: "Residual by predicted time, with the band of the tolerance", legend: legend,
      caption:
        "The residual is measured over predicted time, less one: above the line is slower than predicted. "
        + "Rings at the edge are further off."
    ) { residualDrawing(report, points, $0) }
  }

  private struct ResidualPoint {
    var predicted: Nanoseconds
    var measured: Nanoseconds
    var residual: Double
    var isOp: Bool
    var title: String
  }

  private static func residualPoints(_ report: AuditReport) -> [ResidualPoint] {
    let ops = report.ops.compactMap { op in
      op.residual.map {
        ResidualPoint(
          predicted: op.predicted, measured: op.measured, residual: $0, isOp: true,
          title: "layer \(op.layer), \(op.label)")
      }
    }
    let lengths = report.lengths.compactMap { length in
      length.residual.map {
        ResidualPoint(
          predicted: length.predicted, measured: length.measured.p50, residual: $0, isOp: false,
          title: NumberText.count(length.tokens, "token"))
      }
    }
    return ops + lengths
  }

  private static func residualDrawing(_ report: AuditReport, _ points: [ResidualPoint], _ isWide: Bool)
    -> Drawing
  {
    let times = points.map { Double($0.predicted.rawValue) }
    let xAxis = LogAxis(from: times.min() ?? 1, upTo: times.max() ?? 1)
    // Every length's residual is shown where it is, and no less than six times the tolerance.
    let lengths = report.lengths.compactMap(\.residual).map(abs).max() ?? 0
    let reach = min(1, max(6 * report.tolerance, 1.2 * lengths))
    let yAxis = Axis(from: -reach, upTo: reach, count: 6)
    var drawing = Drawing(
      width: isWide ? 720 : 360, height: isWide ? 360 : 300, left: 58, right: 18,
      x: .init(xAxis, name: "predicted time") { TickText.time(pow(10, $0)) },
      y: .init(yAxis) { abs($0) < 1e-9 ? "0" : NumberText.signedPercent($0).replacing(".0", with: "") })
    let tolerance = min(report.tolerance, yAxis.limit)
    drawing.marks = [
      .area(
        "interval",
        [
          .init(xAxis.base, tolerance), .init(xAxis.limit, tolerance), .init(xAxis.limit, -tolerance),
          .init(xAxis.base, -tolerance),
        ]), .segment("axis", .init(xAxis.base, 0), .init(xAxis.limit, 0)),
    ]
    drawing.marks += points.map { point in
      let shown = min(yAxis.limit, max(yAxis.base, point.residual))
      return .dot(
        (point.isOp ? "op" : "measured") + (shown == point.residual ? "" : " beyond"),
        .init(log10(Double(point.predicted.rawValue)), shown), radius: point.isOp ? 3 : 5.5,
        title: "\(point.title): predicted \(NumberText.time(point.predicted)), measured "
          + "\(NumberText.time(point.measured)), \(NumberText.signedPercent(point.residual))")
    }
    return drawing
  }
}
