/// A time with its interval, in nanoseconds, and whether it was measured just there.
struct TimeBand: BitwiseCopyable {
  var low: Double
  var time: Double
  var high: Double
  /// Nearest the truth first: measured at the point, between measured points, or beyond them.
  var place: Place

  enum Place: BitwiseCopyable { case measured, between, beyond }
}
