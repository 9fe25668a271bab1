import TaperAuditor
import TaperPlanFormat

/// The ops at the reference length one after the other, as predicted and as measured: a colour a group, a tick a layer.
struct OpTimeline {
  let report: AuditReport

  /// Once for wide screens and paper, once for phones.
  func render() -> String {
    draw(width: 720, kind: "wide") + draw(width: 360, kind: "narrow")
  }

  /// Groups that occur, for a legend.
  var groups: [OpGroup] {
    OpGroup.allCases.filter { group in report.ops.contains { report.group(of: $0) == group } }
  }

  static func colour(_ group: OpGroup) -> String { "g\(OpGroup.allCases.firstIndex(of: group) ?? 0)" }

  private func draw(width: Double, kind: String) -> String {
    let longest = max(total(\.predicted), total(\.measured))
    let axis = Axis(upTo: Double(longest) / 1e6, count: kind == "wide" ? 8 : 4)
    let plot = Plot(
      width: width, height: 158, left: kind == "wide" ? 70 : 8, right: 12, xLimit: axis.limit, yLimit: 1)
    var svg = plot.frame(yTicks: [], xTicks: axis.ticks.map { ($0, Plot.plain($0)) }, xName: "milliseconds")
    for (name, y, time) in [("predicted", 26.0, \OpAudit.predicted), ("measured", 78.0, \OpAudit.measured)] {
      if kind == "wide" {
        svg += plot.text("tick end", plot.left - 8, y + 23, name)
      } else {
        svg += plot.text("tick", plot.left, y - 3, name)
      }
      svg += lane(plot, y, time)
    }
    return plot.wrap(svg, kind: kind, title: "Ops one after the other, predicted and measured")
  }

  private func total(_ time: KeyPath<OpAudit, Nanoseconds>) -> UInt64 {
    report.ops.reduce(0) { $0 + $1[keyPath: time].rawValue }
  }

  private func lane(_ plot: Plot, _ y: Double, _ time: KeyPath<OpAudit, Nanoseconds>) -> String {
    var svg = ""
    var start = 0.0
    var layer = -1
    for op in report.ops {
      let end = start + Double(op[keyPath: time].rawValue) / 1e6
      let (left, right) = (plot.x(start), plot.x(end))
      svg +=
        "<rect class=\"\(Self.colour(report.group(of: op)))\" x=\"\(Plot.number(left))\" y=\"\(Plot.number(y))\" "
      svg += "width=\"\(Plot.number(right - left))\" height=\"36\">"
      svg +=
        "<title>layer \(op.layer), \(Markup.escape(op.label)): \(NumberText.time(op[keyPath: time]))</title></rect>"
      if op.layer != layer {
        svg += plot.line("axis", left, y - 3, left, y + 39)
        layer = op.layer
      }
      start = end
    }
    return svg
  }
}
