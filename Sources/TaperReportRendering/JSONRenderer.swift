public import TaperAuditor
public import TaperJSON
import TaperPlanFormat

/// A report as JSON (specs/command-json.md): what `taper audit --json` prints and the page carries.
///
/// Times are integer nanoseconds. `residual` is measured / predicted − 1, null where nothing was predicted;
/// `accuracy` is null when nothing was compared.
public enum JSONRenderer {
  public static let schemaVersion = 1

  public static func render(_ report: AuditReport, pretty: Bool = true) -> String {
    value(report).serialized(pretty: pretty)
  }

  public static func value(_ report: AuditReport) -> JSONValue {
    let value: JSONValue = [
      "schema_version": JSONValue(schemaVersion),
      "verdict": JSONValue(report.verdict.rawValue),
      "tolerance": JSONValue(report.tolerance),
      "threads": JSONValue(report.threads),
      "plan": plan(report.plan),
      "lengths": .array(report.lengths.map(length)),
      "reference_tokens": report.referenceLength.map { JSONValue($0) } ?? nil,
      "ops": .array(report.ops.map { op($0, report) }),
      "layers": .array(report.layers.map(layer)),
      "residual_sources": .array(report.residualSources.map(source)),
      "accuracy": report.accuracy.map(accuracy) ?? nil,
      "expected_accuracy": report.plan.evidence.map(evidence) ?? nil,
      "accuracy_holds": report.accuracyHolds.map { JSONValue($0) } ?? nil,
      "arena": arena(report.plan),
      "roof": report.roof.map {
        ["flops_per_second": .number($0.compute), "bytes_per_second": .number($0.bandwidth)]
      } ?? nil,
      "noise": noise(report.noise),
      "environment": .object(environment(report.environment)),
    ]
    guard let found = report.halting, var object = value.object else { return value }
    object["halting"] = halting(found)
    return .object(object)
  }

  private static func plan(_ plan: PlanSummary) -> JSONValue {
    [
      "model": JSONValue(plan.identity.modelName), "family": JSONValue(plan.identity.family),
      "method": JSONValue(plan.identity.method), "precision": JSONValue(plan.identity.precision),
      "request": JSONValue(plan.identity.request), "device": JSONValue(plan.identity.deviceName),
      "threads": JSONValue(Int(plan.identity.threads)), "tool_version": JSONValue(plan.identity.toolVersion),
      "model_digest": JSONValue(plan.identity.modelDigest.hex),
      "profile_digest": JSONValue(plan.identity.profileDigest.hex), "layers": JSONValue(plan.layers),
      "maximum_tokens": JSONValue(plan.maximumLength), "arena_bytes": integer(plan.arena.byteCount.rawValue),
      "weights_bytes": integer(plan.weights.rawValue),
    ]
  }

  private static func length(_ length: LengthAudit) -> JSONValue {
    let value: JSONValue = [
      "tokens": JSONValue(length.tokens), "predicted_ns": time(length.predicted),
      "predicted_low_ns": time(length.low), "predicted_high_ns": time(length.high),
      "measured_p50_ns": time(length.measured.p50), "measured_p90_ns": time(length.measured.p90),
      "measured_p99_ns": time(length.measured.p99),
      "measured_p999_ns": time(length.measured[.p999].time), "residual": ratio(length.residual),
      "interval_hit": JSONValue(length.intervalHit), "runs": JSONValue(length.measured.runs),
      "predicted_dense_ns": time(length.predictedDense),
      "keep_counts": .array(length.keepCounts.map { JSONValue($0) }),
    ]
    guard var object = value.object else { return value }
    for percentile in Percentile.allCases {
      let estimate = length.measured[percentile]
      object["\(percentile)_interval_ns"] = [estimate.low.map(time) ?? nil, estimate.high.map(time) ?? nil]
    }
    return .object(object)
  }

  private static func op(_ op: OpAudit, _ report: AuditReport) -> JSONValue {
    [
      "index": JSONValue(op.index), "op": JSONValue(op.op.kind.name), "label": JSONValue(op.label),
      "kernel": op.kernel.map { JSONValue($0.name ?? "\($0.rawValue)") } ?? nil, "layer": JSONValue(op.layer),
      "rows": JSONValue(op.rows), "predicted_ns": time(op.predicted), "measured_p50_ns": time(op.measured),
      "residual": ratio(op.residual), "group": JSONValue(report.group(of: op).rawValue),
      "work_flops": integer(op.prediction.work.rawValue),
      "traffic_bytes": integer(op.prediction.traffic.rawValue),
      "bound": JSONValue(op.prediction.bound.name),
    ]
  }

  private static func source(_ source: ResidualSource) -> JSONValue {
    [
      "name": JSONValue(source.name), "predicted_ns": time(source.predicted),
      "measured_ns": time(source.measured),
      "difference_ns": .integer(Int64(source.difference)),
    ]
  }

  private static func arena(_ plan: PlanSummary) -> JSONValue {
    [
      "bytes": integer(plan.arena.byteCount.rawValue), "ops": JSONValue(plan.ops),
      "slots": .array(
        plan.arena.slots.map { slot in
          [
            "name": JSONValue(slot.name), "offset": integer(slot.offset.rawValue),
            "bytes": integer(slot.byteCount.rawValue), "first_op": JSONValue(Int(slot.firstOp)),
            "last_op": slot.lastOp == .max ? nil : JSONValue(Int(slot.lastOp)),
          ]
        }),
    ]
  }

  private static func evidence(_ evidence: AccuracyEvidence) -> JSONValue {
    [
      "metric": JSONValue(evidence.metric.name), "source": JSONValue(evidence.source.name),
      "planned": ratio(Double(evidence.planned)), "count": JSONValue(Int(evidence.texts)),
      "interval": evidence.interval.map { [ratio(Double($0.low)), ratio(Double($0.high))] } ?? nil,
    ]
  }

  private static func layer(_ layer: LayerAudit) -> JSONValue {
    [
      "layer": JSONValue(layer.layer), "tokens": JSONValue(layer.tokens),
      "predicted_ns": time(layer.predicted),
      "measured_p50_ns": time(layer.measured), "residual": ratio(layer.residual),
    ]
  }

  private static func halting(_ halting: HaltingAudit) -> JSONValue {
    [
      "measured": depths(halting.measured), "predicted": halting.predicted.map { .object(spread($0)) } ?? nil,
      "expected": halting.expected.map(depths) ?? nil, "changed_labels": JSONValue(halting.changedLabels),
    ]
  }

  private static func depths(_ depths: HaltingDepths) -> JSONValue {
    var object = spread(depths.time)
    object["texts"] = JSONValue(depths.texts)
    object["histogram"] = .array(depths.histogram.map { integer(UInt64($0)) })
    object["mean_depth"] = ratio(depths.meanDepth)
    object["cap_share"] = ratio(depths.capShare)
    return .object(object)
  }

  private static func spread(_ spread: ExpectedTime) -> JSONObject {
    JSONObject([
      ("mean_ns", time(spread.mean)), ("p50_ns", time(spread.p50)), ("p90_ns", time(spread.p90)),
      ("p99_ns", time(spread.p99)),
    ])
  }

  private static func accuracy(_ accuracy: AccuracyAudit) -> JSONValue {
    [
      "metric": JSONValue(accuracy.metric.rawValue), "dense": ratio(accuracy.dense),
      "planned": ratio(accuracy.planned), "agreement": ratio(accuracy.agreement),
      "count": JSONValue(accuracy.count),
      "interval": [ratio(accuracy.interval.low), ratio(accuracy.interval.high)],
      "flip_count": JSONValue(accuracy.flipCount), "flips": .array(accuracy.flips.map(flip)),
    ]
  }

  private static func flip(_ flip: FlippedAnswer) -> JSONValue {
    [
      "index": JSONValue(flip.index), "tokens": JSONValue(flip.tokens), "dense": JSONValue(flip.dense),
      "planned": JSONValue(flip.planned), "score": ratio(flip.score),
      "expected": flip.expected.map { JSONValue($0) } ?? nil, "text": flip.text.map { JSONValue($0) } ?? nil,
    ]
  }

  private static func noise(_ noise: NoiseFigure) -> JSONValue {
    [
      "spread": ratio(noise.spread), "bound": ratio(noise.bound), "drift": ratio(noise.drift),
      "probes": JSONValue(noise.probes), "probe_p10_ns": time(noise.p10), "probe_p50_ns": time(noise.p50),
      "probe_p90_ns": time(noise.p90), "compute": series(noise.compute), "bandwidth": series(noise.bandwidth),
    ]
  }

  private static func series(_ series: NoiseFigure.Series) -> JSONValue {
    ["p50_ns": time(series.p50), "spread": ratio(series.spread), "drift": ratio(series.drift)]
  }

  /// Of a fact given twice, the last.
  private static func environment(_ facts: [EnvironmentFact]) -> JSONObject {
    var object = JSONObject()
    for fact in facts { object[fact.name] = JSONValue(fact.value) }
    return object
  }

  static func time(_ time: Nanoseconds) -> JSONValue { integer(time.rawValue) }

  static func integer(_ value: UInt64) -> JSONValue { .integer(Int64(clamping: value)) }

  /// Six decimals: more would be noise.
  static func ratio(_ value: Double?) -> JSONValue {
    guard let value, value.isFinite, abs(value) < 1e9 else { return nil }
    return .number((value * 1e6).rounded() / 1e6)
  }
}
