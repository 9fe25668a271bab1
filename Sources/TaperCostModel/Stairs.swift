internal import TaperDeviceProfile

/// How a product's time rises between the row counts that most shapes are measured at.
///
/// A kernel computes rows in tiles, so its time rises in steps, which a straight line between 64 and 96 rows misses.
/// One shape of each kernel is measured at many more row counts. Its time over the straight line between the usual row
/// counts is the kernel's pattern, because its tiles are the same in every shape.
struct Stairs: Sendable {
  /// Time over the straight line at 1…512 rows.
  let factors: [Double]

  /// Nil when no entry is measured more densely than the others. All of one kernel, one thread count.
  init?(_ entries: [ProfileEntry]) {
    guard let dense = entries.max(by: { $0.points.count < $1.points.count }) else { return nil }
    let others = entries.filter { $0.shape != dense.shape }
    guard let usual = others.max(by: { $0.points.count < $1.points.count }),
      usual.points.count < dense.points.count
    else { return nil }
    var coarse = dense
    let counts = Set(usual.points.map(\.rows))
    coarse.points.removeAll { !counts.contains($0.rows) }
    guard coarse.points.count > 1 else { return nil }
    let (fine, straight) = (TimeLine(dense), TimeLine(coarse))
    let last = min(fine.lastMeasured, straight.lastMeasured)
    factors = (1...512).map { $0 > last ? 1 : fine.times[$0 - 1] / max(1, straight.times[$0 - 1]) }
  }
}
