import TaperPlanFormat
import TaperPlanRuntime

/// A fixed small computation that tells how fast the machine is right now: a chain of integer steps, which
/// feels clock frequency and stolen time, then a pass over 8 MiB, which feels the caches and memory that
/// others share.
struct NoiseProbe {
  private var words = [UInt64](repeating: 0x9E37_79B9, count: 1 << 20)
  /// Keeps the work from being optimised away.
  private(set) var checksum: UInt64 = 1

  /// The median of three.
  mutating func measure() -> Nanoseconds {
    var times = [once(), once(), once()]
    times.sort()
    return times[1]
  }

  private mutating func once() -> Nanoseconds {
    let start = MonotonicClock.now()
    var state = checksum | 1
    for _ in 0..<100_000 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
    }
    var sum: UInt64 = 0
    for index in words.indices { sum &+= words[index] }
    checksum = state ^ sum
    words[Int(truncatingIfNeeded: state & 0xFFFF)] &+= 1
    return Nanoseconds(MonotonicClock.now().rawValue - start.rawValue)
  }
}
