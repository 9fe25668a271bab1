extension SeededGenerator {
  /// `count` numbers in -0.5 ..< 0.5, the same for the same seed.
  package static func floats(_ count: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Float(generator.next() >> 40) / Float(1 << 24) - 0.5 }
  }

  /// `count` numbers below `limit`, the same for the same seed.
  package static func numbers(_ count: Int, below limit: Int, seed: UInt64) -> [UInt32] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in UInt32(generator.next() % UInt64(limit)) }
  }
}
