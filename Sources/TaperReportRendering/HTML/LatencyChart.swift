import TaperAuditor
import TaperPlanFormat

/// Predicted and measured latency by input length: the prediction as a line in its interval, the dense plan's
/// as a dashed line, the measured median as a dot with a whisker to p90.
struct LatencyChart {
  let report: AuditReport

  /// Once for wide screens and paper, once for phones, so that letters keep their size; style shows one of
  /// them.
  func render() -> String {
    draw(width: 720, height: 320, kind: "wide") + draw(width: 360, height: 280, kind: "narrow")
  }

  private func draw(width: Double, height: Double, kind: String) -> String {
    let lengths = report.lengths
    let milliseconds = { (time: Nanoseconds) in time.milliseconds }
    let highest =
      lengths.map {
        max(milliseconds($0.predicted), milliseconds($0.predictedDense), milliseconds($0.measured.p90))
      }
      .max() ?? 1
    let yAxis = Axis(upTo: highest, count: 5)
    let plot = Plot(
      width: width, height: height, left: 58, right: kind == "wide" ? 92 : 18,
      xLimit: Double(lengths.last?.tokens ?? 1), yLimit: yAxis.limit)
    var svg = plot.frame(
      yTicks: yAxis.ticks.map { ($0, tick($0, highest)) }, xTicks: lengthTicks(plot), xName: "input tokens")

    let interval =
      lengths.map { (Double($0.tokens), min(milliseconds($0.high), yAxis.limit)) }
      + lengths.reversed().map { (Double($0.tokens), min(milliseconds($0.low), yAxis.limit)) }
    if lengths.count > 1 { svg += "<polygon class=\"interval\" points=\"\(plot.points(interval))\"/>" }
    let dense = lengths.map { (Double($0.tokens), milliseconds($0.predictedDense)) }
    let isReduced = lengths.contains { $0.predictedDense != $0.predicted }
    if isReduced { svg += "<polyline class=\"dense\" points=\"\(plot.points(dense))\"/>" }
    let predicted = lengths.map { (Double($0.tokens), milliseconds($0.predicted)) }
    svg += "<polyline class=\"predicted\" points=\"\(plot.points(predicted))\"/>"
    for length in lengths {
      let x = plot.x(Double(length.tokens))
      let median = plot.y(milliseconds(length.measured.p50))
      svg += plot.line("whisker", x, median, x, plot.y(milliseconds(length.measured.p90)))
      svg += "<circle class=\"measured\" cx=\"\(Plot.number(x))\" cy=\"\(Plot.number(median))\" r=\"4.5\">"
      svg += "<title>\(length.tokens) tokens: measured p50 \(NumberText.time(length.measured.p50)), "
      svg += "predicted \(NumberText.time(length.predicted))</title></circle>"
    }
    if kind == "wide", let last = lengths.last { svg += endLabels(plot, last, isReduced) }
    return plot.wrap(svg, kind: kind, title: "Latency by input length, predicted and measured")
  }

  /// Milliseconds, or microseconds on an axis that ends below one, without needless zeros.
  private func tick(_ milliseconds: Double, _ highest: Double) -> String {
    if milliseconds == 0 { return "0" }
    let (value, unit) = highest < 1 ? (milliseconds * 1_000, "µs") : (milliseconds, "ms")
    return Plot.plain(value) + " " + unit
  }

  /// Zero and the audited lengths, the longest first, as far as their names do not meet.
  private func lengthTicks(_ plot: Plot) -> [(Double, String)] {
    var ticks: [(Double, String)] = []
    var next = Double.infinity
    for tokens in report.lengths.map(\.tokens).reversed() + [0] where next - plot.x(Double(tokens)) >= 30 {
      ticks.append((Double(tokens), "\(tokens)"))
      next = plot.x(Double(tokens))
    }
    return ticks
  }

  /// Names at the lines' ends, moved apart where they would meet.
  private func endLabels(_ plot: Plot, _ last: LengthAudit, _ isReduced: Bool) -> String {
    var labels = [
      ("predicted", plot.y(last.predicted.milliseconds)),
      ("measured", plot.y(last.measured.p50.milliseconds)),
    ]
    if isReduced { labels.append(("dense", plot.y(last.predictedDense.milliseconds))) }
    labels.sort { $0.1 < $1.1 }
    for index in labels.indices.dropFirst() {
      labels[index].1 = max(labels[index].1, labels[index - 1].1 + 15)
    }
    let x = plot.x(Double(last.tokens)) + 10
    return labels.map { plot.text("name \($0.0)", x, $0.1 + 4, $0.0) }.joined()
  }
}
