import TestSupport

/// The tests' seeded generator, with the draws these tests make.
struct Seeded: RandomNumberGenerator {
  private var source: SeededGenerator
  init(_ seed: Int) {
    source = SeededGenerator(seed: UInt64(truncatingIfNeeded: seed) &* 0x2545_F491_4F6C_DD1D)
  }
  mutating func next() -> UInt64 { source.next() }
  mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
  mutating func coin() -> Bool { next() & 1 == 1 }
}
