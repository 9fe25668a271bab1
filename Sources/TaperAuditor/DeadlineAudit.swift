public import TaperPlanFormat

/// A time that a plan's request set for inputs of up to so many tokens.
public struct AskedDeadline: Hashable, Sendable {
  public let tokens: Int
  /// What it holds for.
  public let percentile: Percentile
  public let time: Nanoseconds

  public init(tokens: Int, percentile: Percentile, time: Nanoseconds) {
    self.tokens = tokens
    self.percentile = percentile
    self.time = time
  }
}

/// Whether a plan keeps it.
public struct DeadlineAudit: Hashable, Sendable {
  public let asked: AskedDeadline
  /// Measured at its length and percentile.
  public let measured: Nanoseconds
  public var isMet: Bool { measured <= asked.time }

  public init(asked: AskedDeadline, measured: Nanoseconds) {
    self.asked = asked
    self.measured = measured
  }
}
