public import TaperPlanFormat

/// When an op of the last run started and ended, on `MonotonicClock`. Both zero for an op whose guard did not hold.
public struct OpTrace: BitwiseCopyable, Hashable, Sendable {
  public var start: Nanoseconds
  public var end: Nanoseconds

  public init(start: Nanoseconds, end: Nanoseconds) {
    self.start = start
    self.end = end
  }

  public var wasSkipped: Bool { start == .zero }
  public var duration: Nanoseconds { Nanoseconds(end.rawValue &- start.rawValue) }
}
