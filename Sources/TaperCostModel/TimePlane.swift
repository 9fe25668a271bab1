internal import TaperDeviceProfile
internal import TaperPlanFormat

/// Times of an entry over two row counts: queries (rows) and keys (innerRows), as attention has them.
///
/// Attention is measured at a few (rows, innerRows) pairs. They are brought to a full grid: for each measured innerRows the times over rows
/// are made non-decreasing and joined (and extended) by straight lines, read off at every rows that occurs, and then made
/// non-decreasing over innerRows too. In between, bilinear: exact for the product rows · innerRows that attention's work is.
struct TimePlane: Sendable {
  private let rows: [Int]
  private let innerRows: [Int]
  /// innerRows.count × rows.count each.
  private let lows: [Double]
  private let times: [Double]
  private let highs: [Double]
  private let measured: Set<Int>
  /// Largest measured rows for each innerRows.
  private let lastRows: [Int]

  init(_ entry: ProfileEntry) {
    let byInner = Dictionary(grouping: entry.points, by: \.innerRows)
    let inner = byInner.keys.sorted()
    let rowCounts = Set(entry.points.map(\.rows)).sorted()
    func grid(_ value: (TimeDistribution) -> Nanoseconds) -> [Double] {
      var lines: [[Double]] = inner.map { n in
        let points = byInner[n]!.sorted { $0.rows < $1.rows }
        let table = TimeLine.tabulate(
          points.map(\.rows), isotonic(points.map { Double(value($0.time).rawValue) }),
          count: rowCounts.last!,
          quadratic: false)
        return rowCounts.map { table[$0 - 1] }
      }
      for column in rowCounts.indices {
        for (line, value) in isotonic(lines.map { $0[column] }).enumerated() { lines[line][column] = value }
      }
      return lines.flatMap { $0 }
    }
    let middle = grid(\.p50)
    times = middle
    lows = zip(grid(\.p10), middle).map { min($0, $1) }
    highs = zip(grid(\.p90), middle).map { max($0, $1) }
    rows = rowCounts
    innerRows = inner
    measured = Set(entry.points.map { $0.innerRows << 20 | $0.rows })
    lastRows = inner.map { n in byInner[n]!.map(\.rows).max()! }
  }

  func band(rows r: Int, innerRows n: Int) -> TimeBand {
    let (row, rowWeight) = Self.cell(r, in: rows)
    let (line, lineWeight) = Self.cell(n, in: innerRows)
    let nextRow = min(row + 1, rows.count - 1)
    let nextLine = min(line + 1, innerRows.count - 1)
    func value(_ grid: [Double]) -> Double {
      let width = rows.count
      let near = grid[line * width + row] * (1 - rowWeight) + grid[line * width + nextRow] * rowWeight
      let far = grid[nextLine * width + row] * (1 - rowWeight) + grid[nextLine * width + nextRow] * rowWeight
      return near * (1 - lineWeight) + far * lineWeight
    }
    let place: TimeBand.Place
    if measured.contains(n << 20 | r) {
      place = .measured
    } else if n < innerRows[0] || n > innerRows[innerRows.count - 1] || r < rows[0] || r > lastRows[nextLine]
    {
      place = .beyond
    } else {
      place = .between
    }
    return TimeBand(low: value(lows), time: value(times), high: value(highs), place: place)
  }

  /// The cell of `grid` that x lies in and how far in; clamped below, going on with the last cell above (weight > 1). With one grid
  /// value the weight is 0: nothing to go by.
  private static func cell(_ x: Int, in grid: [Int]) -> (Int, Double) {
    guard grid.count > 1, x > grid[0] else { return (0, 0) }
    var (low, high) = (0, grid.count - 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if grid[middle] <= x { low = middle } else { high = middle }
    }
    return (low, Double(x - grid[low]) / Double(grid[high] - grid[low]))
  }
}
