import TestSupport

/// The tests' seeded generator, with the values these tests draw.
struct Generator: RandomNumberGenerator {
  private var source: SeededGenerator
  init(seed: UInt64) { source = SeededGenerator(seed: seed) }

  mutating func next() -> UInt64 { source.next() }

  mutating func floats(_ count: Int, in range: ClosedRange<Float> = -2...2) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &self) }
  }

  /// `count` ascending numbers below `bound`, the first of them 0.
  mutating func rows(_ count: Int, below bound: Int) -> [UInt32] {
    let others = (1..<UInt32(max(bound, 1))).shuffled(using: &self).prefix(count - 1)
    return [0] + others.sorted()
  }
}
