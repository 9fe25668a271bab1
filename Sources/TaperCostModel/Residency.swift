internal import TaperDeviceProfile
internal import TaperPlanFormat

/// How much of what is read over and over stays in the last cache.
enum Residency {
  /// The share of `size` bytes, 0 to 1, from how fast memory of growing size is read: a byte takes least where all of it
  /// stays (the smallest size measured), most where nothing does (the largest), and between them in proportion to what
  /// does not. Straight lines between sizes; 0 when nothing was measured.
  static func share(of size: Bytes, _ rates: [FootprintRate]) -> Double {
    guard let first = rates.first, let last = rates.last, rates.count > 1 else { return 0 }
    // Nanoseconds a byte; larger memory is never faster.
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
