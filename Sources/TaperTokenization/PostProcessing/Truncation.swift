/// Which end of a text that is too long goes.
public enum TruncationSide: UInt8, CaseIterable, Hashable, Sendable {
  case right, left
}

/// How many tokens of each of two texts are kept: "longest_first", as in the reference.
enum Truncation {
  /// - Parameters:
  ///   - first: tokens of the first text.
  ///   - second: tokens of the second text.
  ///   - budget: the most tokens both may have together.
  static func longestFirst(_ first: Int, _ second: Int, budget: Int) -> (first: Int, second: Int) {
    if first + second <= budget { return (first, second) }
    let shorter = min(first, second)
    var kept = shorter
    var longerKept = shorter > budget ? shorter : max(shorter, budget - shorter)
    if kept + longerKept > budget {
      kept = budget / 2
      longerKept = kept + budget % 2
    }
    return first > second ? (longerKept, kept) : (kept, longerKept)
  }
}
