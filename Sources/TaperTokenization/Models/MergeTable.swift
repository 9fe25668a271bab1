/// Which pairs of tokens merge: their ranks and what they become. A hash table of pairs, stored ready to use: at least
/// twice as many slots as merges, linear probing.
struct MergeTable: Hashable, Sendable {
  /// Of each merge, by ascending rank: left token, right token, result, rank.
  let merges: [UInt32]
  /// One more than a merge's number, or 0 for a free slot. The count is a power of two.
  let slots: [UInt32]

  static let maximumCount = 1 << 22

  struct Merge {
    var left: UInt32
    var right: UInt32
    var result: UInt32
  }

  /// - Parameter list: by rank; of equal pairs the last one wins, as in the reference.
  init(_ list: [Merge]) {
    var slots = [UInt32](repeating: 0, count: Vocabulary.slotCount(list.count))
    var merges: [UInt32] = []
    for (rank, merge) in list.enumerated() {
      var slot = Self.slot(merge.left, merge.right, slots.count)
      while slots[slot] != 0 {
        let place = 4 * Int(slots[slot] - 1)
        if merges[place] == merge.left, merges[place + 1] == merge.right { break }
        slot = (slot + 1) & (slots.count - 1)
      }
      slots[slot] = UInt32(merges.count / 4) + 1
      merges += [merge.left, merge.right, merge.result, UInt32(rank)]
    }
    self.merges = merges
    self.slots = slots
  }

  /// nil when the arrays contradict each other.
  init?(merges: [UInt32], slots: [UInt32], vocabularyCount: Int) {
    let count = merges.count / 4
    guard merges.count % 4 == 0, slots.count == Vocabulary.slotCount(count), slots.allSatisfy({ $0 <= count })
    else { return nil }
    for number in 0..<count where merges[4 * number + 2] >= vocabularyCount { return nil }
    self.merges = merges
    self.slots = slots
  }

  @inline(__always)
  private static func slot(_ left: UInt32, _ right: UInt32, _ slotCount: Int) -> Int {
    let mixed = (UInt64(left) << 32 | UInt64(right)) &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: mixed >> 32) & (slotCount - 1)
  }

  /// The merge of two tokens. Complexity: O(1), expected.
  @inline(__always)
  func merge(_ left: UInt32, _ right: UInt32) -> (rank: UInt32, result: UInt32)? {
    var slot = Self.slot(left, right, slots.count)
    // Bounded: a table from a file may have no free slot.
    for _ in 0..<slots.count {
      let entry = slots[slot]
      if entry == 0 { return nil }
      let place = 4 * Int(entry - 1)
      if merges[place] == left, merges[place + 1] == right { return (merges[place + 3], merges[place + 2]) }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }
}

/// Merges that wait, the lowest rank first, then the leftmost: a binary heap.
struct MergeQueue {
  struct Entry: BitwiseCopyable {
    var rank: UInt32
    var position: UInt32
    var result: UInt32

    @inline(__always)
    static func < (left: Entry, right: Entry) -> Bool {
      (left.rank, left.position) < (right.rank, right.position)
    }
  }

  private var entries: [Entry] = []

  mutating func removeAll() { entries.removeAll(keepingCapacity: true) }

  mutating func push(_ entry: Entry) {
    entries.append(entry)
    var child = entries.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard entry < entries[parent] else { break }
      entries[child] = entries[parent]
      child = parent
    }
    entries[child] = entry
  }

  mutating func pop() -> Entry? {
    guard let last = entries.popLast() else { return nil }
    guard let first = entries.first else { return last }
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < entries.count else { break }
      if child + 1 < entries.count, entries[child + 1] < entries[child] { child += 1 }
      guard entries[child] < last else { break }
      entries[parent] = entries[child]
      parent = child
    }
    entries[parent] = last
    return first
  }
}
