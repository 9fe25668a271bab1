public import TaperAuditor
public import TaperJSON
import TaperPlanFormat

/// A sweep as JSON (specs/command-json.md).
public enum SweepJSONRenderer {
  /// - Parameter weights: name of the weights file that the plans share.
  public static func value(_ report: SweepReport, weights: String) -> JSONValue {
    [
      "schema_version": JSONValue(JSONRenderer.schemaVersion), "model": JSONValue(report.model),
      "device": JSONValue(report.device), "precision": JSONValue(report.precision),
      "threads": JSONValue(report.threads), "tokens": JSONValue(report.tokens), "weights": JSONValue(weights),
      "evidence": JSONValue(report.evidence.rawValue),
      "metric": report.metric.map { JSONValue($0.rawValue) } ?? nil,
      "plans": .array(report.rows.map { row($0, report) }),
    ]
  }

  private static func row(_ row: SweepRow, _ report: SweepReport) -> JSONValue {
    [
      "plan": JSONValue(row.name + ".plan"), "method": JSONValue(row.method), "layers": JSONValue(row.layers),
      "work_speedup": JSONRenderer.ratio(row.prediction.publishedWorkSpeedup),
      "predicted_ns": JSONRenderer.time(row.prediction.planned.time),
      "predicted_speedup": JSONRenderer.ratio(row.prediction.timeSpeedup),
      "measured_p50_ns": row.measured.map { JSONRenderer.time($0.p50) } ?? nil,
      "measured_p99_ns": row.measured.map { JSONRenderer.time($0.p99) } ?? nil,
      "measured_speedup": JSONRenderer.ratio(report.measuredSpeedup(row)),
      "expected_ns": row.expected.map(JSONRenderer.time) ?? nil,
      "mean_ns": row.mean.map(JSONRenderer.time) ?? nil,
      "mean_speedup": JSONRenderer.ratio(report.meanSpeedup(row)),
      "accuracy": JSONRenderer.ratio(row.accuracy?.value),
      "interval": row.accuracy.map {
        [JSONRenderer.ratio($0.interval.low), JSONRenderer.ratio($0.interval.high)]
      } ?? nil,
      "count": row.accuracy.map { JSONValue($0.count) } ?? nil,
      "lost": JSONRenderer.ratio(report.lost(row)), "pareto": JSONValue(report.isPareto(row)),
    ]
  }
}
