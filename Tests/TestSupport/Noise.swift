/// Seeded numbers (SplitMix64), the same on every machine.
package struct Noise {
  private var state: UInt64
  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// `count` numbers in -0.5 ..< 0.5.
  package func floats(_ count: Int) -> [Float] {
    var copy = self
    return (0..<count).map { _ in Float(copy.next() >> 40) / Float(1 << 24) - 0.5 }
  }

  /// `count` numbers below `limit`.
  package func numbers(_ count: Int, below limit: UInt32) -> [UInt32] {
    var copy = self
    return (0..<count).map { _ in UInt32(copy.next() % UInt64(limit)) }
  }
}
