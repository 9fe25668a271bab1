import TaperAuditor
import TaperPlanFormat

/// The arena over a run: a box a slot, as wide as it lives, where it lies; the line is what is alive.
struct ArenaChart {
  let report: AuditReport

  func render() -> String {
    draw(width: 720, height: 320, kind: "wide") + draw(width: 360, height: 280, kind: "narrow")
  }

  private var arena: ArenaLayout { report.plan.arena }
  private var ops: Int { report.plan.ops }

  /// Ops a slot is alive at.
  private func life(_ slot: ArenaSlot) -> Range<Int> {
    Int(slot.firstOp)..<(slot.lastOp == .max ? ops : Int(slot.lastOp) + 1)
  }

  /// Bytes alive at the busiest op.
  var peak: Bytes { Bytes((0..<max(1, ops)).map(alive).max() ?? 0) }

  /// What the arena holds, in a sentence.
  var sentence: String {
    let apart = arena.slots.reduce(UInt64(0)) { $0 + ($1.byteCount.rawValue + 63) / 64 * 64 }
    return
      "\(NumberText.count(arena.slots.count, "slot")), \(NumberText.size(Bytes(apart))) side by side, share an arena of "
      + "\(NumberText.size(arena.byteCount)); \(NumberText.size(peak)) are alive at the busiest op."
  }

  private func alive(_ op: Int) -> UInt64 {
    arena.slots.reduce(0) { $0 + (life($1).contains(op) ? $1.byteCount.rawValue : 0) }
  }

  private func draw(width: Double, height: Double, kind: String) -> String {
    let axis = Axis(upTo: Double(arena.byteCount.rawValue), count: 4)
    let xAxis = Axis(upTo: Double(ops), count: kind == "wide" ? 10 : 5)
    let plot = Plot(
      width: width, height: height, left: 66, right: 14, xLimit: Double(ops), yLimit: axis.limit)
    var svg = plot.frame(
      yTicks: axis.ticks.map { ($0, $0 == 0 ? "0" : NumberText.size(Bytes(UInt64($0)))) },
      xTicks: xAxis.ticks.filter { $0 <= Double(ops) }.map { ($0, Plot.plain($0)) }, xName: "op")
    for (number, slot) in arena.slots.enumerated() {
      let life = life(slot)
      let (left, right) = (plot.x(Double(life.lowerBound)), plot.x(Double(life.upperBound)))
      let bottom = plot.y(Double(slot.offset.rawValue))
      let top = plot.y(Double(slot.offset.rawValue + slot.byteCount.rawValue))
      svg += "<rect class=\"slot g\(number % 7)\" x=\"\(Plot.number(left))\" y=\"\(Plot.number(top))\" "
      svg += "width=\"\(Plot.number(right - left))\" height=\"\(Plot.number(max(0.6, bottom - top)))\">"
      svg +=
        "<title>\(Markup.escape(slot.name)): \(NumberText.size(slot.byteCount)) at \(slot.offset.rawValue), "
      svg += "ops \(life.lowerBound) to \(life.upperBound - 1)</title></rect>"
      // A name where it has room.
      if right - left > Double(slot.name.count) * 6.6 + 8, bottom - top > 14 {
        svg += plot.text("tick", left + 4, (top + bottom) / 2 + 4, slot.name)
      }
    }
    var steps: [(Double, Double)] = []
    for op in 0..<ops {
      let bytes = Double(alive(op))
      steps += [(Double(op), bytes), (Double(op + 1), bytes)]
    }
    svg += "<polyline class=\"alive\" points=\"\(plot.points(steps))\"/>"
    return plot.wrap(svg, kind: kind, title: "Slots of the arena over the ops, and the bytes alive")
  }
}
