import TaperAuditor
import TaperPlanFormat

/// Tokens after each layer, one stepped line for each audited length.
struct KeepCountChart {
  /// More lines could not be told apart.
  static let maximumLines = 8
  let report: AuditReport

  func render() -> String {
    draw(width: 720, height: 290, kind: "wide") + draw(width: 360, height: 260, kind: "narrow")
  }

  /// Evenly chosen, the longest always among them.
  private var shown: [LengthAudit] {
    let lengths = report.lengths
    guard lengths.count > KeepCountChart.maximumLines else { return lengths }
    return (1...KeepCountChart.maximumLines).map {
      lengths[$0 * lengths.count / KeepCountChart.maximumLines - 1]
    }
  }

  private func draw(width: Double, height: Double, kind: String) -> String {
    let layers = report.plan.layers
    let yAxis = Axis(tokens: report.lengths.last?.tokens ?? 1, count: 5)
    let plot = Plot(
      width: width, height: height, left: 44, right: 44, xLimit: Double(layers) + 0.5, yLimit: yAxis.limit)
    let step = kind == "wide" || layers <= 8 ? (layers > 24 ? 4 : 1) : 2
    var svg = plot.frame(
      yTicks: yAxis.ticks.map { ($0, "\(Int($0))") },
      xTicks: [(0, "in")]
        + stride(from: step, through: layers, by: step).map { (Double($0), "\($0)") }, xName: "after layer")
    for (place, length) in shown.enumerated() {
      var steps: [(Double, Double)] = []
      for (layer, count) in length.keepCounts.enumerated() {
        if layer > 0 { steps.append((Double(layer), Double(length.keepCounts[layer - 1]))) }
        steps.append((Double(layer), Double(count)))
      }
      let end = Double(length.keepCounts.last ?? 0)
      steps.append((plot.xLimit, end))
      let shade = shown.count > 1 ? 0.45 + 0.55 * Double(place) / Double(shown.count - 1) : 1
      svg +=
        "<polyline class=\"keep\" style=\"opacity:\(NumberText.fixed(shade, 2))\" points=\"\(plot.points(steps))\">"
      svg += "<title>\(length.tokens) tokens in, \(Int(end)) after layer \(layers)</title></polyline>"
    }
    svg += startLabels(plot) + endLabels(plot)
    return plot.wrap(svg, kind: kind, title: "Tokens kept after each layer, by input length")
  }

  /// The input length over the start of each line, the longest first, as far as they do not meet.
  private func startLabels(_ plot: Plot) -> String {
    var svg = ""
    var previous = -Double.infinity
    for length in shown.reversed() {
      let y = plot.y(Double(length.tokens)) - 5
      if y - previous < 13 { continue }
      svg += plot.text("name keep", plot.left + 6, y, "\(length.tokens) in")
      previous = y
    }
    return svg
  }

  /// The tokens left at the right end, from the fewest up, moved apart where they would meet.
  private func endLabels(_ plot: Plot) -> String {
    var svg = ""
    var previous = Double.infinity
    for count in Set(shown.map { $0.keepCounts.last ?? 0 }).sorted() {
      let y = min(plot.y(Double(count)) + 4, previous - 13)
      svg += plot.text("name keep", plot.width - plot.right + 8, y, "\(count)")
      previous = y
    }
    return svg
  }
}
