package import TaperPlanFormat

/// Gives each slot its offset in the arena, from the slots' lifetimes and sizes.
///
/// Offline dynamic storage allocation is NP-hard. The usual heuristic (greedy by size) is near the lower bound for
/// encoders, whose largest slots are all alive in one layer. Slots are placed from the largest down (ties: earlier
/// first op, then number). Each goes into the smallest gap that holds it among the placed slots alive at the same time,
/// at the lowest offset on a tie, or above them all. PlanFormat's arena verifier checks the result without knowing how
/// it was found.
package enum ArenaPlanner {
  /// Offsets and the total, for slots with lifetimes and sizes already set. `shares` false: no two slots share memory.
  package static func place(_ slots: [ArenaSlot], sharing shares: Bool) -> ArenaLayout {
    var slots = slots
    var placed: [Int] = []
    let order = slots.indices.sorted {
      (slots[$1].byteCount, slots[$0].firstOp, $0) < (slots[$0].byteCount, slots[$1].firstOp, $1)
    }
    var top: UInt64 = 0
    for number in order {
      let size = aligned(slots[number].byteCount.rawValue)
      let offset: UInt64
      if shares {
        let neighbours = placed.filter { meets(slots[$0], slots[number]) }
        offset = lowestBestFit(
          neighbours.map { (slots[$0].offset.rawValue, aligned(slots[$0].byteCount.rawValue)) }, size: size)
      } else {
        offset = top
      }
      slots[number].offset = Bytes(offset)
      top = max(top, offset + size)
      placed.append(number)
    }
    return ArenaLayout(slots: slots, byteCount: Bytes(top))
  }

  private static func meets(_ a: ArenaSlot, _ b: ArenaSlot) -> Bool {
    a.firstOp <= b.lastOp && b.firstOp <= a.lastOp
  }

  private static func aligned(_ size: UInt64) -> UInt64 {
    (size + ArenaLayout.alignment - 1) / ArenaLayout.alignment * ArenaLayout.alignment
  }

  private static func lowestBestFit(_ taken: [(offset: UInt64, size: UInt64)], size: UInt64) -> UInt64 {
    var end: UInt64 = 0
    var best: (offset: UInt64, gap: UInt64)?
    for block in taken.sorted(by: { $0.offset < $1.offset }) {
      if block.offset >= end, block.offset - end >= size, block.offset - end < best?.gap ?? .max {
        best = (end, block.offset - end)
      }
      end = max(end, block.offset + block.size)
    }
    return best?.offset ?? end
  }
}
