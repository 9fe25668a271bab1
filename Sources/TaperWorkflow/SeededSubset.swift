/// A subset drawn without replacement, the same for the same seed: the order of the file must not decide what a
/// calibration sees (labelled files are often sorted by label).
public enum SeededSubset {
  /// Indices of `limit` of `count` elements, ascending; all of them when there are no more.
  public static func indices(count: Int, limit: Int, seed: UInt64) -> [Int] {
    guard limit < count else { return Array(0..<count) }
    var indices = Array(0..<count)
    var generator = SplitMix64(state: seed)
    for position in 0..<limit {
      let other = position + Int(generator.next() % UInt64(count - position))
      indices.swapAt(position, other)
    }
    return indices[..<limit].sorted()
  }
}

/// SplitMix64 (Steele, Lea and Flood 2014): small, seeded, the same everywhere.
struct SplitMix64 {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
