import TaperJSON
import TaperPlanFormat

/// What a plan says its answers are worth.
enum EvidenceSummary {
  /// null for a plan that does not say.
  static func json(_ evidence: AccuracyEvidence?) -> JSONValue {
    guard let evidence else { return .null }
    return [
      "metric": .string(evidence.metric.name), "source": .string(evidence.source.name),
      "count": JSONValue(Int(evidence.texts)), "planned": number(evidence.planned),
      "dense": evidence.dense.map(number) ?? .null,
      "interval": evidence.interval.map { [number($0.low), number($0.high)] } ?? .null,
    ]
  }

  /// Six decimals: a float has no more.
  private static func number(_ value: Float) -> JSONValue { .number((Double(value) * 1e6).rounded() / 1e6) }
}
