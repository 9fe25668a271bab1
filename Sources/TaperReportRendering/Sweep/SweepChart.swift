public import TaperAuditor
import TaperPlanFormat

/// Accuracy over speedup, a line a method from the dense plan on: a dot a plan, filled in the Pareto set, with a whisker over
/// its confidence interval. Nothing is drawn without accuracies.
public struct SweepChart {
  let report: SweepReport

  public init(_ report: SweepReport) { self.report = report }

  /// Methods in the order they come.
  var methods: [String] {
    report.rows.dropFirst().map(\.method).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// As one file of its own; nil without accuracies.
  public func standalone() -> String? {
    guard let content = content(width: 720, height: 400) else { return nil }
    return """
      <svg xmlns="http://www.w3.org/2000/svg" class="wide" viewBox="0 0 720 400" width="720" height="400" role="img" \
      aria-label="\(Self.title)" style="background:var(--bg);font-family:system-ui,sans-serif">
      <style>
      \(PageStyle.css)
      </style>
      \(content)
      </svg>

      """
  }

  /// For the page: once for wide screens and paper, once for phones.
  func render() -> String? {
    guard let wide = content(width: 720, height: 380), let narrow = content(width: 360, height: 320) else {
      return nil
    }
    return svg(wide, width: 720, height: 380, kind: "wide")
      + svg(narrow, width: 360, height: 320, kind: "narrow")
  }

  private static let title = "Accuracy of each plan over its speedup"

  private func svg(_ content: String, width: Double, height: Double, kind: String) -> String {
    plot(width: width, height: height).wrap(content, kind: kind, title: Self.title)
  }

  private var values: [Double] {
    report.rows.flatMap { row in
      row.accuracy.map { [$0.interval.low, $0.value ?? $0.interval.low, $0.interval.high] } ?? []
    }
  }
  private var xAxis: Axis { Axis(from: 1, upTo: report.rows.map(report.speedup).max() ?? 1, count: 6) }
  private var yAxis: Axis { Axis(from: values.min() ?? 0, upTo: values.max() ?? 1, count: 5) }

  private func plot(width: Double, height: Double) -> Plot {
    let (x, y) = (xAxis, yAxis)
    return Plot(
      width: width, height: height, left: 58, right: width > 500 ? 76 : 20, xLimit: x.limit, yLimit: y.limit,
      xBase: x.base, yBase: y.base)
  }

  private func content(width: Double, height: Double) -> String? {
    guard let metric = report.metric, report.rows.count > 1 else { return nil }
    let plot = plot(width: width, height: height)
    let step = yAxis.ticks[1] - yAxis.ticks[0]
    var svg = plot.frame(
      yTicks: yAxis.ticks.map { ($0, tick($0, step: step, metric)) },
      xTicks: xAxis.ticks.map { ($0, tick($0, step: xAxis.ticks[1] - xAxis.ticks[0])) },
      xName:
        "speedup, \(report.isTimed ? "measured" : "predicted"), \(report.isInMean ? "mean over texts" : "at \(report.tokens) tokens")"
    )
    let dense = report.rows[0]
    if let value = dense.accuracy?.value {
      svg +=
        "<polyline class=\"dense\" points=\"\(plot.points([(plot.xBase, value), (plot.xLimit, value)]))\"/>"
    }
    var ends: [(name: String, series: Int, x: Double, y: Double)] = []
    for (number, method) in methods.enumerated() {
      let rows = report.rows.filter { $0.method == method }.sorted { report.speedup($0) < report.speedup($1) }
      let points = ([dense] + rows).compactMap { row in
        row.accuracy?.value.map { (report.speedup(row), $0) }
      }
      svg += "<polyline class=\"series s\(number % Self.colours)\" points=\"\(plot.points(points))\"/>"
      svg +=
        "<g class=\"series s\(number % Self.colours)\">" + rows.map { dot($0, plot, metric) }.joined()
        + "</g>"
      if let last = points.last {
        ends.append((method, number % Self.colours, plot.x(last.0), plot.y(last.1)))
      }
    }
    svg += "<g class=\"series s5\">\(dot(dense, plot, metric))</g>"
    return svg + endLabels(&ends, plot)
  }

  private static let colours = 6

  private func dot(_ row: SweepRow, _ plot: Plot, _ metric: AccuracyAudit.Metric) -> String {
    guard let accuracy = row.accuracy, let value = accuracy.value else { return "" }
    let (x, y) = (plot.x(report.speedup(row)), plot.y(value))
    let kind = report.isPareto(row) ? " class=\"pareto\"" : ""
    return plot.line("whisker", x, plot.y(accuracy.interval.low), x, plot.y(accuracy.interval.high))
      + "<circle\(kind) cx=\"\(Plot.number(x))\" cy=\"\(Plot.number(y))\" r=\"4.5\"><title>\(Markup.escape(row.name)): "
      + "\(NumberText.times(report.speedup(row))), \(metric.text(value))</title></circle>"
  }

  /// Methods' names beside their last dots, moved apart where they would meet.
  private func endLabels(_ ends: inout [(name: String, series: Int, x: Double, y: Double)], _ plot: Plot)
    -> String
  {
    ends.sort { $0.y < $1.y }
    for index in ends.indices.dropFirst() { ends[index].y = max(ends[index].y, ends[index - 1].y + 15) }
    return ends.map { end in
      let isLeft = end.x + 10 + 8 * Double(end.name.count) > plot.width
      return "<g class=\"series s\(end.series)\">"
        + plot.text(
          isLeft ? "name end" : "name", end.x + (isLeft ? -10 : 10), end.y + (isLeft ? -8 : 4), end.name)
        + "</g>"
    }.joined()
  }

  /// As few decimals as the step between ticks needs; shares in percent where there is a metric of shares.
  private func tick(_ value: Double, step: Double, _ metric: AccuracyAudit.Metric? = nil) -> String {
    let isShare = metric == .accuracy || metric == .agreement
    let scale = isShare ? 100.0 : 1
    let digits = (0...4).first { digits in
      let scaled = step * scale * [1, 10, 100, 1_000, 10_000][digits]
      return abs(scaled - scaled.rounded()) < 1e-6
    }
    return NumberText.fixed(value * scale, digits ?? 4) + (metric == nil ? "x" : isShare ? "%" : "")
  }
}
