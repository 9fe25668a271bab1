public import TaperPlanFormat

/// A part of the time at the reference length: what the plan predicts for it and what was measured. The parts'
/// differences add up to the difference of the whole.
public struct ResidualSource: Hashable, Sendable {
  public let name: String
  public let predicted: Nanoseconds
  public let measured: Nanoseconds
  /// Measured less predicted, nanoseconds; for the time between ops also where the ops alone exceed the whole, and one
  /// of the times is therefore zero.
  public let difference: Double
}

extension AuditReport {
  /// The end-to-end time at the reference length; nil when that length was not timed.
  public var reference: LengthAudit? { lengths.first { $0.tokens == referenceLength } }

  /// What an op does for the whole.
  public func group(of op: OpAudit) -> OpGroup {
    OpGroup(op.op.kind, isAnswer: op.layer > plan.layers)
  }

  /// Where the residual comes from: ops by group, and what a run takes outside its ops (the difference between traced
  /// runs and the whole), the largest difference first. Groups without ops are left out.
  public var residualSources: [ResidualSource] {
    var sources = OpGroup.allCases.compactMap { group in
      let members = ops.filter { self.group(of: $0) == group }
      return members.isEmpty ? nil : Self.source(group.rawValue, members)
    }
    if let reference {
      let all = Self.source("", ops)
      func rest(_ whole: Nanoseconds, _ part: Nanoseconds) -> Nanoseconds {
        Nanoseconds(whole.rawValue - min(whole.rawValue, part.rawValue))
      }
      sources.append(
        ResidualSource(
          name: "between ops", predicted: rest(reference.predicted, all.predicted),
          measured: rest(reference.measured.p50, all.measured),
          difference: Self.difference(reference.measured.p50, reference.predicted) - all.difference))
    }
    return sources.sorted { abs($0.difference) > abs($1.difference) }
  }

  private static func source(_ name: String, _ ops: [OpAudit]) -> ResidualSource {
    let (predicted, measured) = (
      ops.reduce(Nanoseconds.zero) { $0 + $1.predicted }, ops.reduce(Nanoseconds.zero) { $0 + $1.measured }
    )
    return ResidualSource(
      name: name, predicted: predicted, measured: measured, difference: difference(measured, predicted))
  }

  private static func difference(_ measured: Nanoseconds, _ predicted: Nanoseconds) -> Double {
    Double(measured.rawValue) - Double(predicted.rawValue)
  }
}
