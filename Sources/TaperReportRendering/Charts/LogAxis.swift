import Glibc

/// A logarithmic axis: values as powers of ten, ticks at whole decades (and at 2 and 5 where few decades are shown).
struct LogAxis {
  /// log10 of the smallest and the largest value shown, with some room.
  let base: Double
  let limit: Double
  /// log10 of the values to name, ascending.
  let ticks: [Double]

  /// - Precondition: 0 < smallest ≤ largest.
  init(from smallest: Double, upTo largest: Double, room: Double = 0.08) {
    let (base, limit) = (log10(smallest) - room, log10(largest) + room)
    let steps = limit - base < 2 ? [1.0, 2, 5] : [1.0]
    var ticks: [Double] = []
    for decade in Int(base.rounded(.down))...Int(limit.rounded(.up)) {
      for step in steps { ticks.append(Double(decade) + log10(step)) }
    }
    self.base = base
    self.limit = limit
    self.ticks = ticks.filter { $0 >= base && $0 <= limit }
  }
}
