import TaperAuditor
import TaperBase
import TaperPlanFormat

extension Chart {
  /// Predicted and measured latency by input length: the prediction as a line in its interval, the dense plan's as a
  /// dashed line, the measured median as a dot with a whisker to p90.
  static func latency(_ report: AuditReport) -> Chart {
    let isReduced = report.lengths.contains { $0.predictedDense != $0.predicted }
    var legend = [
      LegendItem("measured", "measured p50, whisker to p90"), LegendItem("predicted", "predicted"),
      LegendItem("interval", "prediction interval"),
    ]
    if isReduced { legend.append(LegendItem("dense", "dense plan, predicted")) }
    return Chart(label: "Latency by input length, predicted and measured", legend: legend) { isWide in
      latencyDrawing(report.lengths, isReduced: isReduced, isWide)
    }
  }

  private static func latencyDrawing(_ lengths: [LengthAudit], isReduced: Bool, _ isWide: Bool) -> Drawing {
    let highest =
      lengths.map {
        max($0.predicted.milliseconds, $0.predictedDense.milliseconds, $0.measured.p90.milliseconds)
      }.max() ?? 1
    let axis = Axis(upTo: highest, count: 5)
    let (width, left, right) = (isWide ? 720.0 : 360, 58.0, isWide ? 92.0 : 18)
    let longest = Double(lengths.last?.tokens ?? 1)
    // Zero and the audited lengths, the longest first, as far as their names do not meet.
    var ticks: [(Double, String)] = []
    var next = Double.infinity
    for tokens in lengths.map(\.tokens).reversed() + [0] {
      let place = left + Double(tokens) / longest * (width - left - right)
      guard next - place >= 30 else { continue }
      ticks.append((Double(tokens), "\(tokens)"))
      next = place
    }
    var drawing = Drawing(
      width: width, height: isWide ? 320 : 280, left: left, right: right,
      x: .init(to: longest, name: "input tokens", ticks: ticks),
      y: .init(axis) { milliseconds($0, highest) })
    func points(_ time: (LengthAudit) -> Nanoseconds) -> [Drawing.Point] {
      lengths.map { .init(Double($0.tokens), min(time($0).milliseconds, axis.limit)) }
    }
    if lengths.count > 1 {
      drawing.marks.append(.area("interval", points(\.high) + points(\.low).reversed()))
    }
    if isReduced { drawing.marks.append(.line("dense", points(\.predictedDense))) }
    drawing.marks.append(.line("predicted", points(\.predicted)))
    for (length, median) in zip(lengths, points(\.measured.p50)) {
      drawing.marks += [
        .segment("whisker", median, .init(median.x, length.measured.p90.milliseconds)),
        .dot(
          "measured", median, radius: 4.5,
          title: "\(length.tokens) tokens: measured p50 \(NumberText.time(length.measured.p50)), "
            + "predicted \(NumberText.time(length.predicted))"),
      ]
    }
    if isWide, let last = lengths.last {
      var ends = [("predicted", last.predicted), ("measured", last.measured.p50)]
      if isReduced { ends.append(("dense", last.predictedDense)) }
      drawing.addApart(
        ends.map { ("name \($0.0)", .init(Double(last.tokens), $0.1.milliseconds), right: 10, $0.0) })
    }
    return drawing
  }

  /// Milliseconds, or microseconds on an axis that ends below one, without needless zeros.
  private static func milliseconds(_ value: Double, _ highest: Double) -> String {
    if value == 0 { return "0" }
    return highest < 1 ? TickText.plain(value * 1_000) + " µs" : TickText.plain(value) + " ms"
  }
}
