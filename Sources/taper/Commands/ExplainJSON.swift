import TaperJSON
import TaperPlanFormat
import TaperPlanner

/// `taper explain --json`; specs/command-json.md describes it.
enum ExplainJSON {
  static func object(_ plan: Plan, limits: Limits? = nil) -> JSONValue {
    let (identity, model, explanation) = (plan.identity, plan.model, Explanation(plan))
    return [
      "schema_version": 1, "model": .string(identity.modelName), "family": .string(identity.family),
      "device": .string(identity.deviceName), "method": .string(identity.method),
      "precision": .string(identity.precision), "threads": JSONValue(Int(identity.threads)),
      "request": .string(identity.request), "passes": .array(identity.passes.map { .string($0) }),
      "shape": [
        "layers": JSONValue(Int(model.layers)), "hidden": JSONValue(Int(model.hidden)),
        "heads": JSONValue(Int(model.heads)), "feed_forward": JSONValue(Int(model.feedForward)),
        "maximum_length": JSONValue(plan.schedule.maximumLength),
      ],
      "restores_dropped_tokens": .bool(plan.schedule.restoresDroppedTokens),
      "selectors": .array(explanation.selectors.map(selector)),
      "expected": explanation.expected.map {
        expected($0, [("texts", JSONValue(explanation.calibrationTexts))])
      } ?? .null,
      "halting": HaltingJSON.object(plan) ?? .null,
      "accuracy": EvidenceSummary.json(plan.evidence),
      "lengths": .array(explanation.lengths.map { length($0, limits) }),
      "detail_tokens": JSONValue(explanation.detailLength),
      "sections": .array(explanation.sections.map(section)),
      "limits": limits.map(LimitsJSON.object) ?? .null,
      "arena": arena(explanation.arena),
      "weights": [
        "bytes": integer(explanation.weightBytes.rawValue), "tensors": JSONValue(explanation.tensorCount),
        "inside_plan": .bool(plan.weights.isEmbedded), "digest": .string(plan.weights.digest.hex),
      ],
    ]
  }

  private static func length(_ length: Explanation.Length, _ limits: Limits?) -> JSONValue {
    [
      "expected": length.expected.map {
        expected($0, [("kept_tokens", .array(length.expectedTokens.map { .number(Double($0)) }))])
      } ?? .null,
      "tokens": JSONValue(length.tokens), "keep_counts": .array(length.keepCounts.map { JSONValue($0) }),
      "prediction": prediction(length.planned), "dense_ns": integer(length.denseTime.rawValue),
      "time_speedup": .number(length.timeSpeedup), "work_speedup": .number(length.workSpeedup),
      "published_work_speedup": .number(length.publishedSpeedup),
      "memory_share": (limits?.memoryShare(of: length.planned.time)).map { .number($0) } ?? .null,
    ]
  }

  private static func selector(_ selector: Explanation.Selector) -> JSONValue {
    [
      "layer": JSONValue(selector.layer), "threshold": selector.threshold.map { .number($0) } ?? .null,
      "capped_share": selector.cappedShare.map { .number(Double($0)) } ?? .null,
    ]
  }

  static func expected(_ time: ExpectedTime, _ more: [(String, JSONValue)] = []) -> JSONValue {
    .object(
      JSONObject(
        [
          ("mean_ns", integer(time.mean.rawValue)), ("p50_ns", integer(time.p50.rawValue)),
          ("p90_ns", integer(time.p90.rawValue)), ("p99_ns", integer(time.p99.rawValue)),
        ] + more))
  }

  private static func section(_ section: Explanation.Section) -> JSONValue {
    [
      "layer": JSONValue(section.layer), "title": .string(section.title),
      "tokens_in": JSONValue(section.tokensIn), "tokens_out": JSONValue(section.tokensOut),
      "predicted_ns": integer(section.time.rawValue), "share": .number(section.share),
      "bound": .string(section.bound.name), "bound_share": .number(section.boundShare),
      "ops": .array(section.ops.map(op)),
    ]
  }

  private static func op(_ op: Explanation.Op) -> JSONValue {
    [
      "op": JSONValue(op.number), "title": .string(op.title), "kernel": .string(op.kernel),
      "shape": .string(op.shape), "runs": .bool(op.runs), "share": .number(op.share),
      "prediction": prediction(op.prediction),
    ]
  }

  private static func prediction(_ prediction: Prediction) -> JSONValue {
    [
      "predicted_ns": integer(prediction.time.rawValue), "low_ns": integer(prediction.low.rawValue),
      "high_ns": integer(prediction.high.rawValue), "work_flops": integer(prediction.work.rawValue),
      "traffic_bytes": integer(prediction.traffic.rawValue), "bound": .string(prediction.bound.name),
      "provenance": .string(prediction.provenance.name),
    ]
  }

  private static func arena(_ arena: ArenaLayout) -> JSONValue {
    [
      "bytes": integer(arena.byteCount.rawValue),
      "slots": .array(
        arena.slots.map { slot in
          [
            "name": .string(slot.name), "offset": integer(slot.offset.rawValue),
            "bytes": integer(slot.byteCount.rawValue), "first_op": JSONValue(Int(slot.firstOp)),
            // A slot that lives to the end of the run has no last op.
            "last_op": slot.lastOp == .max ? .null : JSONValue(Int(slot.lastOp)),
          ]
        }),
    ]
  }

  private static func integer(_ value: UInt64) -> JSONValue { .integer(Int64(clamping: value)) }
}
