public import TaperAuditor
import TaperBase
import TaperPlanFormat

extension Chart {
  /// Accuracy over speedup, a line a method from the dense plan on: a dot a plan, filled in the Pareto front, with a
  /// whisker over its confidence interval. Nil without accuracies.
  public static func sweep(_ report: SweepReport) -> Chart? {
    guard let metric = report.metric, report.rows.count > 1 else { return nil }
    let methods = sweepMethods(report)
    return Chart(
      title: "\(metric.words) over speedup", label: "Accuracy of each plan over its speedup",
      legend: methods.enumerated().map { LegendItem("series s\($0 % colours)", $1) } + [
        LegendItem("dense", "dense plan"), LegendItem("none", "filled: Pareto front; whisker: 95% interval"),
      ]
    ) { sweepDrawing(report, metric, methods, $0) }
  }

  private static let colours = 6

  /// Methods in the order they come.
  private static func sweepMethods(_ report: SweepReport) -> [String] {
    report.rows.dropFirst().map(\.method).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  private static func sweepDrawing(
    _ report: SweepReport, _ metric: AccuracyAudit.Metric, _ methods: [String], _ isWide: Bool
  ) -> Drawing {
    let values = report.rows.flatMap { row in
      row.accuracy.map { [$0.interval.low, $0.value ?? $0.interval.low, $0.interval.high] } ?? []
    }
    let xAxis = Axis(from: 1, upTo: report.rows.map(report.speedup).max() ?? 1, count: 6)
    let yAxis = Axis(from: values.min() ?? 0, upTo: values.max() ?? 1, count: 5)
    let name =
      "speedup, \(report.isTimed ? "measured" : "predicted"), "
      + (report.isInMean ? "mean over texts" : "at \(report.tokens) tokens")
    var drawing = Drawing(
      width: isWide ? 720 : 360, height: isWide ? 380 : 320, left: 58, right: isWide ? 76 : 20,
      x: .init(xAxis, name: name) { tick($0, step: xAxis.ticks[1] - xAxis.ticks[0]) },
      y: .init(yAxis) { tick($0, step: yAxis.ticks[1] - yAxis.ticks[0], metric) })
    let dense = report.rows[0]
    if let value = dense.accuracy?.value {
      drawing.marks.append(.line("dense", [.init(xAxis.base, value), .init(xAxis.limit, value)]))
    }
    func dots(_ rows: [SweepRow], _ series: String) -> [Drawing.Mark] {
      rows.flatMap { row -> [Drawing.Mark] in
        guard let accuracy = row.accuracy, let value = accuracy.value else { return [] }
        let speedup = report.speedup(row)
        return [
          .segment(
            "whisker \(series)", .init(speedup, accuracy.interval.low), .init(speedup, accuracy.interval.high)
          ),
          .dot(
            series + (report.isPareto(row) ? " pareto" : ""), .init(speedup, value), radius: 4.5,
            title: "\(row.name): \(NumberText.times(speedup)), \(metric.text(value))"),
        ]
      }
    }
    var ends: [(String, Drawing.Point, right: Double, String)] = []
    for (number, method) in methods.enumerated() {
      let series = "series s\(number % colours)"
      let rows = report.rows.filter { $0.method == method }.sorted { report.speedup($0) < report.speedup($1) }
      let points = ([dense] + rows).compactMap { row in
        row.accuracy?.value.map { Drawing.Point(report.speedup(row), $0) }
      }
      drawing.marks += [.line(series, points)] + dots(rows, series)
      guard let last = points.last else { continue }
      // Beside its last dot, to the left where the name would leave the chart.
      let isLeft = drawing.across(last.x) + 10 + 8 * Double(method.count) > drawing.width
      ends.append(("name \(series)" + (isLeft ? " end" : ""), last, right: isLeft ? -10 : 10, method))
    }
    drawing.marks += dots([dense], "series s5")
    drawing.addApart(ends)
    return drawing
  }

  /// As few decimals as the step between ticks needs; shares in percent where there is a metric of shares.
  private static func tick(_ value: Double, step: Double, _ metric: AccuracyAudit.Metric? = nil) -> String {
    let isShare = metric == .accuracy || metric == .agreement
    let scale = isShare ? 100.0 : 1
    let digits = (0...4).first { digits in
      let scaled = step * scale * [1, 10, 100, 1_000, 10_000][digits]
      return abs(scaled - scaled.rounded()) < 1e-6
    }
    return NumberText.fixed(value * scale, digits ?? 4) + (metric == nil ? "x" : isShare ? "%" : "")
  }
}
