internal import TaperDeviceProfile
internal import TaperPlanFormat

/// Times of an entry over two row counts: queries (rows) and keys (innerRows), as of attention.
///
/// Attention is measured at some pairs (rows, innerRows), which are extended to a full grid. For each measured
/// innerRows the times over rows are made non-decreasing, joined by straight lines, extended (not above the time at
/// more innerRows), and read at every measured row count. Then they are made non-decreasing over innerRows too. Between
/// grid points the interpolation is bilinear, which is exact for work proportional to rows · innerRows.
struct TimePlane: Sendable {
  private let rows: [Int]
  private let innerRows: [Int]
  /// innerRows.count × rows.count each.
  private let lows: [Double]
  private let times: [Double]
  private let highs: [Double]
  private let measured: Set<Int>
  /// The largest measured rows for each measured innerRows.
  private let lastRows: [Int]
  private let lastInnerRows: Int

  init(_ entry: ProfileEntry) {
    let byInner = Dictionary(grouping: entry.points, by: \.innerRows)
    let inner = byInner.keys.sorted()
    // One row count and one line far outside, on the slope of the last two, so that points beyond the measurement are
    // inside the grid.
    let counts = Set(entry.points.map(\.rows)).sorted()
    let rowCounts = counts + [8 * counts.last!]
    func grid(_ value: (TimeDistribution) -> Nanoseconds) -> [Double] {
      var lines: [[Double]] = inner.map { n in
        let points = byInner[n]!.sorted { $0.rows < $1.rows }
        let table = TimeLine.tabulate(
          points.map(\.rows), isotonic(points.map { Double(value($0.time).rawValue) }),
          count: rowCounts.last!, quadratic: false)
        return rowCounts.map { table[$0 - 1] }
      }
      // A line with few innerRows is measured at few rows. Its extension must not raise the lines above it through the
      // order: the overhead of a single point, extended in proportion, would be hundreds of times too large.
      for line in lines.indices.dropLast().reversed() {
        let last = byInner[inner[line]]!.map(\.rows).max()!
        let end = lines[line][rowCounts.firstIndex(of: last)!]
        for (column, rows) in rowCounts.enumerated() where rows > last {
          lines[line][column] = max(end, min(lines[line][column], lines[line + 1][column]))
        }
      }
      for column in rowCounts.indices {
        for (line, value) in isotonic(lines.map { $0[column] }).enumerated() { lines[line][column] = value }
      }
      lines.append(Self.farLine(lines, at: inner))
      return lines.flatMap { $0 }
    }
    let middle = grid(\.p50)
    times = middle
    lows = zip(grid(\.p10), middle).map { min($0, $1) }
    highs = zip(grid(\.p90), middle).map { max($0, $1) }
    rows = rowCounts
    innerRows = inner + [8 * inner.last!]
    lastInnerRows = inner.last!
    measured = Set(entry.points.map { $0.innerRows << 20 | $0.rows })
    lastRows = inner.map { n in byInner[n]!.map(\.rows).max()! }
  }

  /// A line at eight times the last innerRows, on the slope from the one before (or in proportion). Never below the
  /// last line, and never falling.
  private static func farLine(_ lines: [[Double]], at inner: [Int]) -> [Double] {
    let last = lines[lines.count - 1]
    let n = Double(inner[inner.count - 1])
    var highest = 0.0
    return last.indices.map { column in
      let slope: Double
      if lines.count > 1 {
        slope = (last[column] - lines[lines.count - 2][column]) / (n - Double(inner[inner.count - 2]))
      } else {
        slope = last[column] / n
      }
      highest = max(highest, last[column] + slope * 7 * n)
      return highest
    }
  }

  func band(rows r: Int, innerRows n: Int) -> TimeBand {
    let (row, rowWeight) = Self.cell(r, in: rows)
    let (line, lineWeight) = Self.cell(n, in: innerRows)
    let nextRow = min(row + 1, rows.count - 1)
    let nextLine = min(line + 1, innerRows.count - 1)
    func value(_ grid: [Double]) -> Double {
      let width = rows.count
      let near = Self.mix(grid[line * width + row], grid[line * width + nextRow], rowWeight)
      let far = Self.mix(grid[nextLine * width + row], grid[nextLine * width + nextRow], rowWeight)
      return Self.mix(near, far, lineWeight)
    }
    let place: TimeBand.Place
    if measured.contains(n << 20 | r) {
      place = .measured
    } else if n < innerRows[0] || n > lastInnerRows || r < rows[0] || r > lastRows(around: line, n) {
      place = .beyond
    } else {
      place = .between
    }
    return TimeBand(low: value(lows), time: value(times), high: value(highs), place: place)
  }

  /// Between equal values exactly that value: an error in the last bit would become a nanosecond after rounding.
  private static func mix(_ first: Double, _ second: Double, _ weight: Double) -> Double {
    first == second ? first : first * (1 - weight) + second * weight
  }

  /// The largest measured rows at n, or at the next larger measured innerRows.
  private func lastRows(around line: Int, _ n: Int) -> Int {
    lastRows[n == innerRows[line] ? line : min(line + 1, lastRows.count - 1)]
  }

  /// The cell of `grid` that contains x and the position in it, from 0 to 1; clamped at both ends.
  private static func cell(_ x: Int, in grid: [Int]) -> (Int, Double) {
    guard grid.count > 1, x > grid[0] else { return (0, 0) }
    var (low, high) = (0, grid.count - 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if grid[middle] <= x { low = middle } else { high = middle }
    }
    return (low, min(1, Double(x - grid[low]) / Double(grid[high] - grid[low])))
  }
}
