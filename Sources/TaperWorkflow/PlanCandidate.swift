import TaperBase
public import TaperPlanFormat
public import TaperPlanner

/// A plan that was thought of, and why it was not taken.
public struct PlanCandidate: Hashable, Sendable {
  public enum Reason: Hashable, Sendable {
    case unreachable(PlanningDiagnostic)
    case tooLarge(MemoryDiagnostic)
    /// It loses more than is allowed.
    case inaccurate(allowed: Double)
    /// Another, as fast, was better on labelled texts.
    case worse(texts: Int)
  }

  /// What sets it apart: "int8", "4 layers".
  public var name: String
  /// Predicted time at the longest input; nil when it was not planned.
  public var predicted: Nanoseconds?
  public var resident: Bytes?
  /// Share lost: against the dense model, or against the one taken (`Reason.worse`).
  public var lost: Double?
  /// Nil: taken.
  public var reason: Reason?

  init(
    _ name: String, plan: Plan? = nil, predicted: Nanoseconds? = nil, lost: Double? = nil,
    reason: Reason? = nil
  ) {
    self.name = name
    self.predicted = plan?.predictions.lengths.last?.planned.time ?? predicted
    resident = plan?.residentBytes
    self.lost = lost
    self.reason = reason
  }

  /// The candidate of a plan that cannot be; nil for an error of another kind.
  init?(_ name: String, unmet error: PlanningError) {
    switch error {
    case .infeasible(let diagnostic):
      self.init(name, predicted: diagnostic.best, reason: .unreachable(diagnostic))
    case .memoryExceeded(let diagnostic): self.init(name, reason: .tooLarge(diagnostic))
    default: return nil
    }
  }

  /// "4.90 ms, but 1.20 points lost (at most 0.30)".
  public var explanation: String {
    let time = predicted.map { "~" + NumberText.time($0) }
    let lost = lost.map { "\(NumberText.fixed($0 * 100, 2)) points lost" }
    func but(_ why: String) -> String { [time, "but \(why)"].compactMap(\.self).joined(separator: ", ") }
    switch reason {
    case nil: return ([time, lost].compactMap(\.self) + ["taken"]).joined(separator: ", ")
    case .unreachable(let diagnostic): return "\(diagnostic)"
    case .tooLarge(let diagnostic):
      return but(
        "\(diagnostic.part.rawValue) of \(NumberText.size(diagnostic.needed)) (at most \(NumberText.size(diagnostic.allowed)))"
      )
    case .inaccurate(let allowed):
      return but("\(lost ?? "too much lost") (at most \(NumberText.fixed(allowed * 100, 2)))")
    case .worse(let texts): return but("\(lost ?? "worse") against the one taken, on \(texts) texts")
    }
  }
}
