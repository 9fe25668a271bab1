/// A time in nanoseconds with its interval, and whether it was measured at this point.
struct TimeBand: BitwiseCopyable {
  var low: Double
  var time: Double
  var high: Double
  /// Most reliable first: measured at the point, between measured points, or outside them.
  var place: Place

  /// With `share` of the weights in the last cache, where weights in the cache save `gain`: all three values less what
  /// it saves.
  func nearer(by gain: Double, share: Double) -> TimeBand {
    let saved = min(gain, share * time)
    return TimeBand(
      low: max(0, low - saved), time: max(0, time - saved), high: max(0, high - saved), place: place)
  }

  enum Place: BitwiseCopyable { case measured, between, beyond }
}
