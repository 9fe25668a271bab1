import TaperAuditor
import TaperBase
import TaperPlanFormat

extension Chart {
  /// The arena over a run: a box a slot, as wide as it lives, where it lies; the line is what is alive.
  static func arena(_ use: ArenaUse) -> Chart {
    Chart(
      label: "Slots of the arena over the ops, and the bytes alive",
      caption:
        "A box a slot: where it lies in the arena, and from which op to which it is needed. The line is how many "
        + "bytes are alive."
    ) { isWide in
      let yAxis = Axis(upTo: Double(use.arena.byteCount.rawValue), count: 4)
      let xAxis = Axis(upTo: Double(use.ops), count: isWide ? 10 : 5)
      var drawing = Drawing(
        width: isWide ? 720 : 360, height: isWide ? 320 : 280, left: 66, right: 14,
        x: .init(
          to: Double(use.ops), name: "op",
          ticks: xAxis.ticks.filter { $0 <= Double(use.ops) }.map { ($0, TickText.plain($0)) }),
        y: .init(yAxis) { $0 == 0 ? "0" : NumberText.size(Bytes(UInt64($0))) })
      for (number, slot) in use.arena.slots.enumerated() {
        let life = use.life(slot)
        let first = Drawing.Point(Double(life.lowerBound), Double(slot.offset.rawValue))
        let last = Drawing.Point(
          Double(life.upperBound), Double(slot.offset.rawValue + slot.byteCount.rawValue))
        drawing.marks.append(
          .box(
            "slot g\(number % 7)", first, last,
            title: "\(slot.name): \(NumberText.size(slot.byteCount)) at \(slot.offset.rawValue), "
              + "ops \(life.lowerBound) to \(life.upperBound - 1)"))
        // A name where it has room.
        let (width, height) = (
          drawing.across(last.x) - drawing.across(first.x), drawing.down(first.y) - drawing.down(last.y)
        )
        if width > Double(slot.name.count) * 6.6 + 8, height > 14 {
          drawing.marks.append(
            .label("tick", .init(first.x, (first.y + last.y) / 2), right: 4, below: 4, slot.name))
        }
      }
      drawing.marks.append(
        .line(
          "alive",
          (0..<use.ops).flatMap { op -> [Drawing.Point] in
            let bytes = Double(use.alive(op))
            return [.init(Double(op), bytes), .init(Double(op + 1), bytes)]
          }))
      return drawing
    }
  }
}

/// A plan's arena while its ops run.
struct ArenaUse {
  let arena: ArenaLayout
  let ops: Int

  /// Ops that a slot is alive at.
  func life(_ slot: ArenaSlot) -> Range<Int> {
    Int(slot.firstOp)..<(slot.lastOp == .max ? ops : Int(slot.lastOp) + 1)
  }

  func alive(_ op: Int) -> UInt64 {
    arena.slots.reduce(0) { $0 + (life($1).contains(op) ? $1.byteCount.rawValue : 0) }
  }

  /// Bytes alive at the busiest op.
  var peak: Bytes { Bytes((0..<max(1, ops)).map(alive).max() ?? 0) }

  /// What the arena holds, in a sentence.
  var sentence: String {
    "\(NumberText.count(arena.slots.count, "slot")) (\(NumberText.size(arena.bytesApart)) without sharing) "
      + "share an arena of \(NumberText.size(arena.byteCount)); at most \(NumberText.size(peak)) are in use at once."
  }
}

extension ArenaLayout {
  /// Bytes that the slots would take if none shared memory, each on a cache line of its own.
  var bytesApart: Bytes { Bytes(slots.reduce(0) { $0 + ($1.byteCount.rawValue + 63) / 64 * 64 }) }
}
