/// A time with its interval, in nanoseconds, and whether it was measured just there.
struct TimeBand: BitwiseCopyable {
  var low: Double
  var time: Double
  var high: Double
  /// Nearest the truth first: measured at the point, between measured points, or beyond them.
  var place: Place

  /// With `share` of the weights near, when near weights save `gain`: all three less by what that saves.
  func nearer(by gain: Double, share: Double) -> TimeBand {
    let saved = min(gain, share * time)
    return TimeBand(
      low: max(0, low - saved), time: max(0, time - saved), high: max(0, high - saved), place: place)
  }

  enum Place: BitwiseCopyable { case measured, between, beyond }
}
