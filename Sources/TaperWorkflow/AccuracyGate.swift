internal import TaperAuditor

/// The accuracy that a plan must have; without it nothing is written.
public struct AccuracyGate: Hashable, Sendable {
  /// How far the plan's accuracy may be below the dense model's: 0.0075 is 0.75 points.
  public var maximumDrop: Double?
  /// The least accuracy, compared with the lower end of the 95% interval, so that the measured texts prove it.
  public var minimum: Double?

  public init(maximumDrop: Double? = nil, minimum: Double? = nil) {
    self.maximumDrop = maximumDrop
    self.minimum = minimum
  }

  /// Whether there is anything to measure for.
  var isAsked: Bool { maximumDrop != nil || minimum != nil }

  /// A mean cosine varies by so much in single precision: another kernel's order of summation is no loss of accuracy.
  private static let rounding = 1e-6

  /// Why an accuracy does not pass; nil when it does.
  /// - Parameter canLowerPrecision: as the refusal has it.
  func refusal(of accuracy: AccuracyComparison, canLowerPrecision: Bool) -> WorkflowError? {
    if let maximumDrop, accuracy.drop > maximumDrop + Self.rounding {
      return .accuracyGateFailed(accuracy, allowed: maximumDrop, canLowerPrecision: canLowerPrecision)
    }
    if let minimum, (accuracy.interval?.low ?? accuracy.planned) < minimum - Self.rounding {
      return .accuracyFloorMissed(accuracy, floor: minimum)
    }
    return nil
  }
}
