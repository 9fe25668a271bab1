import TaperAuditor
import TaperPlanFormat

extension Chart {
  /// Tokens after each layer, one stepped line for each audited length. Nil where every token is kept.
  static func keepCounts(_ report: AuditReport) -> Chart? {
    guard report.lengths.contains(where: { $0.keepCounts.last != $0.keepCounts.first }) else { return nil }
    return Chart(
      label: "Tokens kept after each layer, by input length",
      caption:
        "Keep counts by layer, one line for each audited length; the number at the right is what is left."
    ) { keepCountDrawing(report, $0) }
  }

  /// More lines could not be distinguished.
  private static let maximumLines = 8

  private static func keepCountDrawing(_ report: AuditReport, _ isWide: Bool) -> Drawing {
    let layers = report.plan.layers
    let step = isWide || layers <= 8 ? (layers > 24 ? 4 : 1) : 2
    let axis = Axis(tokens: report.lengths.last?.tokens ?? 1, count: 5)
    var drawing = Drawing(
      width: isWide ? 720 : 360, height: isWide ? 290 : 260, left: 44, right: 44,
      x: .init(
        to: Double(layers) + 0.5, name: "after layer",
        ticks: [(0, "in")] + stride(from: step, through: layers, by: step).map { (Double($0), "\($0)") }),
      y: .init(axis) { "\(Int($0))" })
    // Evenly chosen, the longest always among them.
    let count = min(report.lengths.count, maximumLines)
    let shown = (1...max(1, count)).map { report.lengths[$0 * report.lengths.count / count - 1] }
    for (place, length) in shown.enumerated() {
      var steps: [Drawing.Point] = []
      for (layer, count) in length.keepCounts.enumerated() {
        if layer > 0 { steps.append(.init(Double(layer), Double(length.keepCounts[layer - 1]))) }
        steps.append(.init(Double(layer), Double(count)))
      }
      let end = length.keepCounts.last ?? 0
      steps.append(.init(drawing.x.limit, Double(end)))
      let shade = shown.count > 1 ? 0.45 + 0.55 * Double(place) / Double(shown.count - 1) : 1
      drawing.marks.append(
        .line(
          "keep", steps, title: "\(length.tokens) tokens in, \(end) after layer \(layers)", opacity: shade))
    }
    addStarts(shown, to: &drawing)
    addEnds(shown, to: &drawing)
    return drawing
  }

  /// The input length over the start of each line, the longest first, as far as they do not meet.
  private static func addStarts(_ lengths: [LengthAudit], to drawing: inout Drawing) {
    var previous = -Double.infinity
    for length in lengths.reversed() {
      let start = Drawing.Point(0, Double(length.tokens))
      if drawing.down(start.y) - 5 - previous < 13 { continue }
      previous = drawing.down(start.y) - 5
      drawing.marks.append(.label("name keep", start, right: 6, below: -5, "\(length.tokens) in"))
    }
  }

  /// The tokens left at the right end, from the fewest up, moved apart where they would meet.
  private static func addEnds(_ lengths: [LengthAudit], to drawing: inout Drawing) {
    var previous = Double.infinity
    for count in Set(lengths.map { $0.keepCounts.last ?? 0 }).sorted() {
      let place = drawing.down(Double(count))
      let y = min(place + 4, previous - 13)
      previous = y
      drawing.marks.append(
        .label("name keep", .init(drawing.x.limit, Double(count)), right: 8, below: y - place, "\(count)"))
    }
  }
}
