internal import TaperDeviceProfile
internal import TaperPlanFormat

/// Times of an entry over one row count, tabulated for every count from 1 to the last measured (at least 512).
///
/// Measured points are made non-decreasing (isotonic) and joined by straight lines: through the times themselves, or,
/// for attention scores, whose work grows with the square, through time / rows. Below the first point its time holds;
/// above the last its slope continues, also beyond the table.
struct TimeLine: Sendable {
  let lows: [Double]
  let times: [Double]
  let highs: [Double]
  let measured: [Bool]
  let firstMeasured: Int
  let lastMeasured: Int

  init(_ entry: ProfileEntry, stairs: Stairs? = nil) {
    let byInner = entry.shape.variables == .innerRows
    let quadratic = entry.shape.kind.givesScores
    // Later points with the same count (other rows at the same innerRows) are ignored.
    var points: [ProfilePoint] = []
    func x(_ point: ProfilePoint) -> Int { byInner ? point.innerRows : point.rows }
    for point in entry.points.sorted(by: { x($0) < x($1) }) where points.last.map(x) != x(point) {
      points.append(point)
    }
    let xs = points.map(x)
    let count = max(512, xs.last ?? 512)
    func table(_ value: (TimeDistribution) -> Nanoseconds) -> [Double] {
      TimeLine.tabulate(
        xs, isotonic(points.map { Double(value($0.time).rawValue) }), count: count,
        quadratic: quadratic, factors: stairs?.factors ?? [])
    }
    times = table(\.p50)
    lows = zip(table(\.p10), times).map { min($0, $1) }
    highs = zip(table(\.p90), times).map { max($0, $1) }
    var flags = [Bool](repeating: false, count: count)
    for x in xs { flags[x - 1] = true }
    measured = flags
    firstMeasured = xs.first ?? 1
    lastMeasured = xs.last ?? 1
  }

  /// Values at 1...count from non-decreasing values `ys` at ascending `xs` (not empty). The result is non-decreasing.
  /// `factors`, from count 1 on, multiply the values between two points; where there is none it is 1.
  static func tabulate(
    _ xs: [Int], _ ys: [Double], count: Int, quadratic: Bool, factors: [Double] = []
  ) -> [Double] {
    var values: [Double] = []
    values.reserveCapacity(count)
    var cell = 0
    for x in 1...count {
      while cell + 2 < xs.count && xs[cell + 1] < x { cell += 1 }
      var value = interpolate(xs, ys, cell: cell, x: x, quadratic: quadratic)
      if cell + 1 < xs.count, xs[cell] < x, x < xs[cell + 1], x <= factors.count {
        value = min(value * factors[x - 1], ys[cell + 1])
      }
      values.append(value)
      if x > 1 { values[x - 1] = max(values[x - 1], values[x - 2]) }
    }
    return values
  }

  private static func interpolate(_ xs: [Int], _ ys: [Double], cell: Int, x: Int, quadratic: Bool) -> Double {
    if x <= xs[0] { return ys[0] }
    // With one point only: in proportion to the count.
    guard xs.count > 1 else { return ys[0] * Double(x) / Double(xs[0]) }
    let (x0, x1) = (Double(xs[cell]), Double(xs[cell + 1]))
    let weight = (Double(x) - x0) / (x1 - x0)
    // Exact at both ends, whatever the rounding between them.
    if x == xs[cell] { return ys[cell] }
    if x == xs[cell + 1] { return ys[cell + 1] }
    let value: Double
    if quadratic {
      value = Double(x) * (ys[cell] / x0 * (1 - weight) + ys[cell + 1] / x1 * weight)
    } else {
      value = ys[cell] * (1 - weight) + ys[cell + 1] * weight
    }
    return weight < 1 ? min(max(value, ys[cell]), ys[cell + 1]) : max(value, ys[cell + 1])
  }

  func band(at x: Int) -> TimeBand {
    let count = times.count
    let place: TimeBand.Place
    if x > lastMeasured || x < firstMeasured {
      place = .beyond
    } else {
      place = measured[x - 1] ? .measured : .between
    }
    if x <= count {
      return TimeBand(low: lows[x - 1], time: times[x - 1], high: highs[x - 1], place: place)
    }
    func extended(_ table: [Double]) -> Double {
      table[count - 1] + Double(x - count) * (table[count - 1] - table[count - 2])
    }
    return TimeBand(low: extended(lows), time: extended(times), high: extended(highs), place: .beyond)
  }
}
