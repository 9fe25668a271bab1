/// Isotonic regression by pooling adjacent violators (Ayer et al. 1955): the non-decreasing sequence nearest in least
/// squares. Values already in order are unchanged. It preserves order: if a ≤ b entry by entry, so are the results, and
/// smoothing a grid along one side keeps the other in order.
///
/// - Complexity: O(n).
func isotonic(_ values: [Double]) -> [Double] {
  var blocks: [(sum: Double, count: Int)] = []
  for value in values {
    blocks.append((value, 1))
    while blocks.count > 1 {
      let last = blocks[blocks.count - 1]
      let before = blocks[blocks.count - 2]
      guard before.sum * Double(last.count) > last.sum * Double(before.count) else { break }
      blocks.removeLast()
      blocks[blocks.count - 1] = (before.sum + last.sum, before.count + last.count)
    }
  }
  return blocks.flatMap { repeatElement($0.sum / Double($0.count), count: $0.count) }
}
