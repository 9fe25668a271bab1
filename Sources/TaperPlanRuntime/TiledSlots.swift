package import TaperPlanFormat

/// Finds the slots of encoded activations that may lie in tiles (ck_encoded.h), as some tiers' products read them best.
///
/// A plan says nothing of tiles: who writes a slot and who reads it agree here, when the plan is bound. All of them
/// must name its rows in the same way and by the same count, or read the first row alone; attention names them as its
/// keys, and finds queries by their numbers. Plans written before tiles have no room for whole ones, and keep rows.
package enum TiledSlots {
  /// An op's rows in a slot, from its first element on.
  private struct Use: Equatable {
    var rows: RowCount
    var width: Int
  }

  package static func find(in plan: Plan) -> Set<UInt16> {
    Set(plan.arena.slots.indices.map { UInt16($0) }.filter { isTiled($0, plan) })
  }

  private static func isTiled(_ slot: UInt16, _ plan: Plan) -> Bool {
    let element = plan.arena.slots[Int(slot)].element
    guard element.isEncoded else { return false }
    var written: Use?
    for op in plan.ops {
      // A dynamic selection changes the count that a symbol stands for.
      if op.kind.isDynamic, let layer = written?.rows.layer, Int(op.layer) <= layer { return false }
      for operand in op.kind.definition.operands {
        let place = op.operand(operand.role)
        guard !place.isNone, place.slot == slot else { continue }
        guard place.offset == 0, case .rows(_, let width, let stored) = operand.content else { return false }
        let use = Use(rows: stored == .bf16 ? op.innerRows : op.rows, width: op.elements(width))
        switch stored {
        case .f32: return false
        case .bf16: if use != written { return false }
        case .encoded: if use != written ?? use { return false } else { written = use }
        case .asWeight:
          guard let written, op.index.isNone, use.width == written.width else { return false }
          guard use.rows == written.rows || use.rows == .one else { return false }
        }
      }
    }
    guard let written else { return false }
    let rows = (1...plan.schedule.maximumLength).map { plan.schedule.value(of: written.rows, length: $0) }
    let needed = element.tileByteCount(rows: rows.max() ?? 1, columns: written.width)
    return plan.arena.slots[Int(slot)].byteCount.rawValue >= UInt64(needed)
  }
}
