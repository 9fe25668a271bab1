import Glibc

/// A linear axis from 0 with round ticks.
package struct Axis {
  /// The last tick, at or above every value.
  package let limit: Double
  package let ticks: [Double]

  /// - Parameters:
  ///   - largest: largest value to show.
  ///   - count: ticks wanted, about.
  package init(upTo largest: Double, count: Int) {
    let wanted = max(largest, 1e-12) / Double(count)
    let power = pow(10, floor(log10(wanted)))
    let step = power * ([1, 2, 2.5, 5, 10].first { $0 * power >= wanted * 0.999 } ?? 10)
    let steps = max(1, (largest / step * 0.999).rounded(.up))
    limit = step * steps
    ticks = (0...Int(steps)).map { Double($0) * step }
  }

  /// Ticks a power of two apart, as token counts like them, at most `count` steps; the limit need not be a
  /// tick.
  package init(tokens largest: Int, count: Int) {
    var step = 1
    while largest > step * count { step *= 2 }
    limit = Double(max(1, largest))
    ticks = stride(from: 0, through: largest, by: step).map(Double.init)
  }
}
