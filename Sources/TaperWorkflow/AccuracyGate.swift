internal import TaperAuditor

/// What a plan's accuracy must be, or nothing is written.
public struct AccuracyGate: Hashable, Sendable {
  /// Share of the dense model's that the plan may lose.
  public var maximumDrop: Double?
  /// The least it may have: the lower end of its 95% interval, so that the texts it was measured on prove it.
  public var minimum: Double?

  public init(maximumDrop: Double? = nil, minimum: Double? = nil) {
    self.maximumDrop = maximumDrop
    self.minimum = minimum
  }

  /// Whether there is anything to measure for.
  var isAsked: Bool { maximumDrop != nil || minimum != nil }

  /// What single precision alone may cost a mean cosine: another kernel's order of summation is no loss of accuracy.
  private static let rounding = 1e-6

  /// Why that accuracy does not pass; nil when it does.
  func refusal(of accuracy: AccuracyComparison) -> WorkflowError? {
    if let maximumDrop, accuracy.drop > maximumDrop + Self.rounding {
      return .accuracyGateFailed(accuracy, allowed: maximumDrop)
    }
    if let minimum, (accuracy.interval?.low ?? accuracy.planned) < minimum - Self.rounding {
      return .accuracyFloorMissed(accuracy, floor: minimum)
    }
    return nil
  }
}
