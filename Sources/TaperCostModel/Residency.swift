internal import TaperDeviceProfile
internal import TaperPlanFormat

/// How much of the memory that every run reads stays in the last cache between runs.
enum Residency {
  /// The share of `size` bytes that stays, 0 to 1, from how fast memory of growing size is read repeatedly. A byte
  /// takes the least time at the smallest size measured, where all of it stays, and the most at the largest, where
  /// nothing does; the share between them is linear in the time. Sizes between measured ones are interpolated linearly.
  /// 0 when nothing was measured.
  static func share(of size: Bytes, _ rates: [FootprintRate]) -> Double {
    guard let first = rates.first, let last = rates.last, rates.count > 1 else { return 0 }
    // Nanoseconds for each byte; larger memory is never faster.
    let costs = isotonic(rates.map { 1e9 / Double($0.bytesPerSecond) })
    guard size.rawValue < last.byteCount, costs[costs.count - 1] > costs[0] else { return 0 }
    if size.rawValue <= first.byteCount { return 1 }
    let above = rates.firstIndex { $0.byteCount > size.rawValue }!
    let (low, high) = (Double(rates[above - 1].byteCount), Double(rates[above].byteCount))
    let weight = (Double(size.rawValue) - low) / (high - low)
    let cost = costs[above - 1] * (1 - weight) + costs[above] * weight
    return (costs[costs.count - 1] - cost) / (costs[costs.count - 1] - costs[0])
  }
}
