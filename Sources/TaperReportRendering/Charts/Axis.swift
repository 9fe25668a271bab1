import Glibc

/// A linear axis with round ticks, from 0 where nothing else is said.
package struct Axis {
  /// The first tick.
  package let base: Double
  /// The last tick, at or above every value.
  package let limit: Double
  package let ticks: [Double]

  /// - Parameters:
  ///   - largest: largest value to show.
  ///   - count: ticks wanted, about.
  package init(upTo largest: Double, count: Int) { self.init(from: 0, upTo: largest, count: count) }

  /// - Parameters:
  ///   - smallest, largest: values to show; the axis begins at the round number at or below the smallest.
  ///   - count: ticks wanted, about.
  package init(from smallest: Double, upTo largest: Double, count: Int) {
    let wanted = max(largest - smallest, 1e-12) / Double(count)
    let power = pow(10, floor(log10(wanted)))
    let step = power * ([1, 2, 2.5, 5, 10].first { $0 * power >= wanted * 0.999 } ?? 10)
    let first = (smallest / step + 0.001).rounded(.down)
    let steps = max(1, (largest / step - 0.001).rounded(.up) - first)
    base = step * first
    limit = step * (first + steps)
    ticks = (0...Int(steps)).map { (first + Double($0)) * step }
  }

  /// Ticks a power of two apart, as token counts like them, at most `count` steps; the limit need not be a
  /// tick.
  package init(tokens largest: Int, count: Int) {
    base = 0
    var step = 1
    while largest > step * count { step *= 2 }
    limit = Double(max(1, largest))
    ticks = stride(from: 0, through: largest, by: step).map(Double.init)
  }
}
