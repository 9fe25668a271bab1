/// Which pairs of tokens merge: their ranks and what they become.
///
/// Merges are sorted by their left token, then by their right one; `starts` has the first of every left token.
struct MergeTable: Hashable, Sendable {
  /// The merges of left token t are `starts[t]..<starts[t + 1]`.
  let starts: [UInt32]
  let rights: [UInt32]
  /// Lower ranks merge first.
  let ranks: [UInt32]
  let results: [UInt32]

  static let maximumCount = 1 << 22

  struct Merge {
    var left: UInt32
    var right: UInt32
    var result: UInt32
  }

  /// - Parameter merges: by rank; of equal pairs the last one wins, as in the reference.
  init(_ merges: [Merge], vocabularyCount: Int) {
    let order = merges.indices.sorted {
      (merges[$0].left, merges[$0].right, $0) < (merges[$1].left, merges[$1].right, $1)
    }
    var starts = [UInt32](repeating: 0, count: vocabularyCount + 1)
    var rights: [UInt32] = []
    var ranks: [UInt32] = []
    var results: [UInt32] = []
    var previous: Merge?
    for index in order {
      let merge = merges[index]
      if let previous, previous.left == merge.left, previous.right == merge.right {
        ranks[ranks.count - 1] = UInt32(index)
        results[results.count - 1] = merge.result
      } else {
        rights.append(merge.right)
        ranks.append(UInt32(index))
        results.append(merge.result)
        starts[Int(merge.left) + 1] += 1
      }
      previous = merge
    }
    for token in 0..<vocabularyCount { starts[token + 1] += starts[token] }
    self.starts = starts
    self.rights = rights
    self.ranks = ranks
    self.results = results
  }

  /// nil when the arrays contradict each other.
  init?(starts: [UInt32], rights: [UInt32], ranks: [UInt32], results: [UInt32], vocabularyCount: Int) {
    guard starts.count == vocabularyCount + 1, ranks.count == rights.count, results.count == rights.count,
      starts[0] == 0, starts[vocabularyCount] == rights.count,
      results.allSatisfy({ $0 < vocabularyCount })
    else { return nil }
    for token in 0..<vocabularyCount where starts[token] > starts[token + 1] { return nil }
    self.starts = starts
    self.rights = rights
    self.ranks = ranks
    self.results = results
  }

  /// The merge of two tokens. Complexity: O(log merges of the left token).
  @inline(__always)
  func merge(_ left: UInt32, _ right: UInt32) -> (rank: UInt32, result: UInt32)? {
    var low = Int(starts[Int(left)])
    var high = Int(starts[Int(left) + 1])
    while low < high {
      let middle = (low + high) >> 1
      let found = rights[middle]
      if found == right { return (ranks[middle], results[middle]) }
      if found < right { low = middle + 1 } else { high = middle }
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
