public import TaperPlanFormat
public import TaperPlanner

/// A plan that was considered, and why it was not taken.
public struct PlanCandidate: Hashable, Sendable {
  /// What sets it apart.
  public enum Kind: Hashable, Sendable {
    case precision(PrecisionAssignment)
    /// Layers kept.
    case depth(Int)
    /// What the head's mean has of dropped tokens.
    case readOut(CompileOptions.ReadOut)
  }

  public enum Reason: Hashable, Sendable {
    case unreachable(PlanningDiagnostic)
    case tooLarge(MemoryDiagnostic)
    /// It loses more than is allowed.
    case inaccurate(allowed: Double)
    /// It meets the target, but only with tokens dropped.
    case dropsTokens
    /// Another, as fast, was better on so many labelled texts.
    case worse(texts: Int)
  }

  public var kind: Kind
  /// Predicted time at the longest input; nil when it was not planned.
  public var predicted: Nanoseconds?
  public var resident: Bytes?
  /// Share lost: against the dense model, or against the one taken (`Reason.worse`).
  public var lost: Double?
  /// Nil: taken.
  public var reason: Reason?

  init(
    _ kind: Kind, plan: Plan? = nil, predicted: Nanoseconds? = nil, lost: Double? = nil,
    reason: Reason? = nil
  ) {
    self.kind = kind
    self.predicted = plan?.predictions.lengths.last?.planned.time ?? predicted
    resident = plan?.residentBytes
    self.lost = lost
    self.reason = reason
  }

  /// The candidate of a plan that is infeasible; nil for an error of another kind.
  init?(_ kind: Kind, infeasible error: PlanningError) {
    switch error {
    case .infeasible(let diagnostic):
      self.init(kind, predicted: diagnostic.best, reason: .unreachable(diagnostic))
    case .memoryExceeded(let diagnostic): self.init(kind, reason: .tooLarge(diagnostic))
    default: return nil
    }
  }
}
