/// A time with its interval, in nanoseconds, and whether it was measured just there.
struct TimeBand: BitwiseCopyable {
  var low: Double
  var time: Double
  var high: Double
  /// Nearest the truth first: measured at the point, between measured points, or beyond them.
  var place: Place

  /// Less by so much, all three.
  func faster(by gain: Double) -> TimeBand {
    TimeBand(low: max(0, low - gain), time: max(0, time - gain), high: max(0, high - gain), place: place)
  }

  enum Place: BitwiseCopyable { case measured, between, beyond }
}
