public import TaperPlanFormat

/// When an op of the last run started and ended on `MonotonicClock`; both zero for an op that did not run.
public struct OpTrace: BitwiseCopyable, Hashable, Sendable {
  public var start: Nanoseconds
  public var end: Nanoseconds

  public init(start: Nanoseconds, end: Nanoseconds) {
    self.start = start
    self.end = end
  }

  /// A computed value: a stored static would cost the hot path a swift_once.
  static var skipped: OpTrace { OpTrace(start: Nanoseconds(0), end: Nanoseconds(0)) }

  public var wasSkipped: Bool { start == .zero }
  public var duration: Nanoseconds { Nanoseconds(end.rawValue &- start.rawValue) }
}
