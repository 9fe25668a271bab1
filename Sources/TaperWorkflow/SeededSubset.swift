internal import TaperBase

/// A subset drawn without replacement, the same for the same seed. Labelled files are often sorted by label, so taking
/// the first rows would bias a calibration.
public enum SeededSubset {
  /// Indices of `limit` of `count` elements, ascending; all of them when there are no more.
  public static func indices(count: Int, limit: Int, seed: UInt64) -> [Int] {
    guard limit < count else { return Array(0..<count) }
    var indices = Array(0..<count)
    var generator = SplitMix64(seed: seed)
    for position in 0..<limit {
      let other = position + Int(generator.next() % UInt64(count - position))
      indices.swapAt(position, other)
    }
    return indices[..<limit].sorted()
  }

  /// Those elements, in order.
  public static func elements<Element>(of all: [Element], limit: Int, seed: UInt64) -> [Element] {
    indices(count: all.count, limit: limit, seed: seed).map { all[$0] }
  }
}
