/// Byte strings and their numbers, to find all that begin at a place of a text in one walk.
///
/// Nodes are in breadth-first order, so that the children of one are consecutive, ascending by the byte that leads to
/// them. A step takes O(log children); the number of strings does not matter.
struct ByteTrie: Hashable, Sendable {
  /// Of each node but the root (node 0), the byte that leads to it.
  let labels: [UInt8]
  /// Node n has the children `firstChild[n]..<firstChild[n + 1]`; one more than there are nodes.
  let firstChild: [UInt32]
  /// Of each node, one more than the number of the string that ends there; 0 without one.
  let values: [UInt32]

  /// - Parameters:
  ///   - strings: distinct and not empty.
  ///   - numbers: below 2³² − 1, one for each string.
  init(_ strings: [[UInt8]], numbers: [UInt32]) {
    let order = strings.indices.sorted { strings[$0].lexicographicallyPrecedes(strings[$1]) }
    var labels: [UInt8] = [0]
    var firstChild: [UInt32] = []
    var values: [UInt32] = []
    var level = [(range: 0..<order.count, node: 0)]
    var depth = 0
    while !level.isEmpty {
      var next: [(range: Range<Int>, node: Int)] = []
      for (range, _) in level {
        var index = range.lowerBound
        var value: UInt32 = 0
        if index < range.upperBound, strings[order[index]].count == depth {
          value = numbers[order[index]] + 1
          index += 1
        }
        values.append(value)
        firstChild.append(UInt32(labels.count))
        while index < range.upperBound {
          let label = strings[order[index]][depth]
          let begin = index
          while index < range.upperBound, strings[order[index]][depth] == label { index += 1 }
          next.append((begin..<index, labels.count))
          labels.append(label)
        }
      }
      level = next
      depth += 1
    }
    firstChild.append(UInt32(labels.count))
    self.labels = labels
    self.firstChild = firstChild
    self.values = values
  }

  /// nil when the arrays do not describe a trie.
  init?(labels: [UInt8], firstChild: [UInt32], values: [UInt32]) {
    guard !values.isEmpty, labels.count == values.count, firstChild.count == values.count + 1,
      firstChild[0] == 1, firstChild[values.count] == values.count
    else { return nil }
    for node in values.indices where firstChild[node] > firstChild[node + 1] { return nil }
    self.labels = labels
    self.firstChild = firstChild
    self.values = values
  }

  var isEmpty: Bool { values.count == 1 }

  /// The child of a node to which a byte leads.
  @inline(__always)
  func child(of node: Int, _ byte: UInt8) -> Int? {
    var low = Int(firstChild[node])
    var high = Int(firstChild[node + 1])
    while low < high {
      let middle = (low + high) >> 1
      let label = labels[middle]
      if label == byte { return middle }
      if label < byte { low = middle + 1 } else { high = middle }
    }
    return nil
  }

  /// The longest string at `start`, and where it ends.
  func longest(in bytes: [UInt8], from start: Int, limit: Int) -> (number: UInt32, end: Int)? {
    var node = 0
    var index = start
    var found: (number: UInt32, end: Int)?
    while index < limit, let child = child(of: node, bytes[index]) {
      node = child
      index += 1
      if values[node] != 0 { found = (values[node] - 1, index) }
    }
    return found
  }
}
