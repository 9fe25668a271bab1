/// SplitMix64: a seeded source of test values.
struct Generator: RandomNumberGenerator {
  var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func floats(_ count: Int, in range: ClosedRange<Float> = -2...2) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &self) }
  }

  /// `count` ascending numbers below `bound`, the first of them 0.
  mutating func rows(_ count: Int, below bound: Int) -> [UInt32] {
    let others = (1..<UInt32(max(bound, 1))).shuffled(using: &self).prefix(count - 1)
    return [0] + others.sorted()
  }
}
