import TaperJSON
import TaperPlanFormat
import TaperPlanner

/// All that a plan decides and promises, as JSON in which two plans can be compared: `taper diff`.
enum PlanFacts {
  static func object(_ plan: Plan) -> JSONValue {
    let explanation = Explanation(plan)
    return [
      "identity": identity(plan), "schedule": schedule(plan.schedule), "kernels": kernels(plan, explanation),
      "predictions": predictions(plan, explanation), "sizes": sizes(plan),
      "accuracy": EvidenceSummary.json(plan.evidence), "halting": HaltingJSON.object(plan) ?? .null,
    ]
  }

  private static func identity(_ plan: Plan) -> JSONValue {
    let identity = plan.identity
    return [
      "model": .string(identity.modelName), "model_digest": .string(identity.modelDigest.shortHex),
      "tokenizer_digest": .string(identity.tokenizerDigest.shortHex),
      "calibration_digest": .string(identity.calibrationDigest.shortHex),
      "profile_digest": .string(identity.profileDigest.shortHex), "device": .string(identity.deviceName),
      "tier": .string(identity.tier), "threads": JSONValue(Int(identity.threads)),
      "request": .string(identity.request), "method": .string(identity.method),
      "precision": .string(identity.precision), "passes": .array(identity.passes.map { .string($0) }),
      "tool_version": .string(identity.toolVersion), "format": .string(plan.formatVersion.description),
      "head": .string(plan.head.kind.name), "labels": .array(plan.head.labels.map { .string($0) }),
    ]
  }

  private static func schedule(_ schedule: Schedule) -> JSONValue {
    [
      "maximum_length": JSONValue(schedule.maximumLength), "layers": JSONValue(schedule.layerCount),
      "restores_dropped_tokens": .bool(schedule.restoresDroppedTokens),
      "lengths": .array(
        (1...schedule.maximumLength).map { length in
          let counts = schedule.retentionConfiguration(length: length).dropFirst()
          return ["tokens": JSONValue(length), "keep_counts": .array(counts.map { JSONValue(Int($0)) })]
        }),
    ]
  }

  /// By op, named by its layer and what it computes: which kernel serves up to how many rows.
  private static func kernels(_ plan: Plan, _ explanation: Explanation) -> JSONValue {
    .array(
      explanation.sections.flatMap { section in
        section.ops.map { op in
          let choices = plan.selections.filter { Int($0.op) == op.number }.map { choice in
            let name = choice.kernel.name ?? "\(choice.kernel.rawValue)"
            return choice.maximumRows == .max ? name : "\(name) to \(choice.maximumRows) rows"
          }
          let name = "\(section.title), \(op.title) (op \(op.number))"
          return ["name": .string(name), "kernel": .string(choices.joined(separator: ", "))]
        }
      })
  }

  private static func predictions(_ plan: Plan, _ explanation: Explanation) -> JSONValue {
    [
      "lengths": .array(
        explanation.lengths.map { length in
          [
            "tokens": JSONValue(length.tokens), "predicted_ns": time(length.planned.time),
            "low_ns": time(length.planned.low), "high_ns": time(length.planned.high),
            "dense_ns": time(length.denseTime), "published_work_speedup": .number(length.publishedSpeedup),
          ]
        }),
      "layers": .array(
        explanation.sections.map { ["layer": JSONValue($0.layer), "predicted_ns": time($0.time)] }),
    ]
  }

  private static func sizes(_ plan: Plan) -> JSONValue {
    func size(_ bytes: Bytes) -> JSONValue { .integer(Int64(clamping: bytes.rawValue)) }
    return [
      "arena_bytes": size(plan.arena.byteCount), "weights_bytes": size(plan.weights.byteCount),
      "resident_bytes": size(plan.residentBytes), "ops": JSONValue(plan.ops.count),
      "slots": JSONValue(plan.arena.slots.count), "tensors": JSONValue(plan.weights.entries.count),
      "weights_digest": .string(plan.weights.digest.shortHex),
    ]
  }

  private static func time(_ time: Nanoseconds) -> JSONValue { .integer(Int64(clamping: time.rawValue)) }
}
