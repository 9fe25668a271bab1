import TaperAuditor
import TaperBase
import TaperPlanFormat

extension Chart {
  /// The ops at the reference length one after the other, as predicted and as measured: a colour a group, a tick a
  /// layer.
  static func timeline(_ report: AuditReport) -> Chart {
    Chart(
      title: "One op after the other", label: "Ops one after the other, predicted and measured",
      legend: groupLegend(report)
    ) { isWide in
      func total(_ time: KeyPath<OpAudit, Nanoseconds>) -> UInt64 {
        report.ops.reduce(0) { $0 + $1[keyPath: time].rawValue }
      }
      let longest = max(total(\.predicted), total(\.measured))
      let axis = Axis(upTo: Double(longest) / 1e6, count: isWide ? 8 : 4)
      var drawing = Drawing(
        width: isWide ? 720 : 360, height: 158, left: isWide ? 70 : 8, right: 12,
        x: .init(axis, name: "milliseconds", label: TickText.plain), y: .init(to: 1, ticks: []))
      for (name, y, time) in [("predicted", 0.89, \OpAudit.predicted), ("measured", 0.4, \OpAudit.measured)] {
        drawing.marks.append(
          isWide
            ? .label("tick end", .init(0, y), right: -8, below: 23, name)
            : .label("tick", .init(0, y), below: -3, name))
        drawing.marks += lane(report, time, from: y - 0.34, to: y)
      }
      return drawing
    }
  }

  static func groupLegend(_ report: AuditReport) -> [LegendItem] {
    OpGroup.allCases.filter { group in report.ops.contains { report.group(of: $0) == group } }
      .map { LegendItem(colour($0), $0.rawValue) }
  }

  static func colour(_ group: OpGroup) -> String { "g\(OpGroup.allCases.firstIndex(of: group) ?? 0)" }

  private static func lane(
    _ report: AuditReport, _ time: KeyPath<OpAudit, Nanoseconds>, from low: Double, to high: Double
  ) -> [Drawing.Mark] {
    var marks: [Drawing.Mark] = []
    var start = 0.0
    var layer = -1
    for op in report.ops {
      let end = start + Double(op[keyPath: time].rawValue) / 1e6
      marks.append(
        .box(
          colour(report.group(of: op)), .init(start, low), .init(end, high),
          title: "layer \(op.layer), \(op.label): \(NumberText.time(op[keyPath: time]))"))
      if op.layer != layer {
        marks.append(.segment("axis", .init(start, low - 0.03), .init(start, high + 0.03)))
        layer = op.layer
      }
      start = end
    }
    return marks
  }
}
