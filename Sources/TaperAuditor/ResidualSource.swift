public import TaperPlanFormat

/// A part of the time at the reference length: what the plan predicts for it and what was measured. The parts' differences
/// add up to the difference of the whole.
public struct ResidualSource: Hashable, Sendable {
  public let name: String
  public let predicted: Nanoseconds
  public let measured: Nanoseconds

  /// Measured less predicted, nanoseconds.
  public var difference: Double { Double(measured.rawValue) - Double(predicted.rawValue) }
}

extension AuditReport {
  /// The end-to-end time at the reference length; nil when that length was not timed.
  public var reference: LengthAudit? { lengths.first { $0.tokens == referenceLength } }

  /// Where the residual comes from: ops by group, and what a run takes beside its ops (traced runs tell that from the
  /// whole), the largest difference first. Groups without ops are left out.
  public var residualSources: [ResidualSource] {
    var sources = OpGroup.allCases.compactMap { group in
      let members = ops.filter { OpGroup($0.op.kind, isAnswer: $0.layer > plan.layers) == group }
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
          measured: rest(reference.measured.p50, all.measured)))
    }
    return sources.sorted { abs($0.difference) > abs($1.difference) }
  }

  private static func source(_ name: String, _ ops: [OpAudit]) -> ResidualSource {
    ResidualSource(
      name: name, predicted: ops.reduce(.zero) { $0 + $1.predicted },
      measured: ops.reduce(.zero) { $0 + $1.measured })
  }
}
