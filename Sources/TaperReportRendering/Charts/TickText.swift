import TaperBase
import TaperPlanFormat

/// Labels of an axis' ticks.
enum TickText {
  /// A number without needless zeros.
  static func plain(_ value: Double) -> String {
    let digits = (0...3).first { digits in
      let scaled = value * [1, 10, 100, 1_000][digits]
      return abs(scaled - scaled.rounded()) < 1e-6 * max(1, scaled)
    }
    return NumberText.fixed(value, digits ?? 3)
  }

  /// "200 ns", "50 µs", "2 ms".
  static func time(_ nanoseconds: Double) -> String {
    for (unit, size) in [("s", 1e9), ("ms", 1e6), ("µs", 1e3)] where nanoseconds >= size * 0.9995 {
      return plain(nanoseconds / size) + " " + unit
    }
    return plain(nanoseconds) + " ns"
  }

  /// "94 G", "1.2 T": a unit is to follow.
  static func rate(_ rate: Double) -> String {
    for (unit, size) in [("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)] where rate >= size * 0.9995 {
      let value = rate / size
      return NumberText.fixed(value, value < 9.95 && value != value.rounded() ? 1 : 0) + " " + unit
    }
    return NumberText.fixed(rate, 0) + " "
  }
}
