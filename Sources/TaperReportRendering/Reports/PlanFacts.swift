import TaperBase
public import TaperJSON
public import TaperPlanFormat
import TaperPlanner

/// All that a plan decides and promises, as JSON in which two plans can be compared: `taper diff`.
public enum PlanFacts {
  public static func object(_ plan: Plan) -> JSONValue {
    let explanation = Explanation(plan)
    let facts: ReportValue = .record([
      "identity": identity(plan), "schedule": schedule(plan.schedule), "kernels": kernels(plan, explanation),
      "predictions": predictions(explanation), "sizes": sizes(plan),
      "accuracy": ReportValue(plan.evidence) { $0.value }, "halting": plan.haltingValue ?? .none,
    ])
    return facts.json
  }

  private static func identity(_ plan: Plan) -> ReportValue {
    let identity = plan.identity
    return .record([
      "model": .text(identity.modelName), "model_digest": .text(identity.modelDigest.shortHex),
      "tokenizer_digest": .text(identity.tokenizerDigest.shortHex),
      "calibration_digest": .text(identity.calibrationDigest.shortHex),
      "profile_digest": .text(identity.profileDigest.shortHex), "device": .text(identity.deviceName),
      "tier": .text(identity.tier), "threads": .integer(identity.threads), "request": .text(identity.request),
      "method": .text(identity.method), "precision": .text(identity.precision),
      "passes": .texts(identity.passes), "tool_version": .text(identity.toolVersion),
      "format": .text(plan.formatVersion.description), "head": .text(plan.head.kind.name),
      "labels": .texts(plan.head.labels),
      "prompts": .record(plan.prompts.all.map { ReportValue.Field($0.name, .text($0.text)) }),
      "default_prompt": ReportValue(plan.prompts.defaultName) { .text($0) },
    ])
  }

  private static func schedule(_ schedule: Schedule) -> ReportValue {
    .record([
      "maximum_length": .integer(schedule.maximumLength), "layers": .integer(schedule.layerCount),
      "restores_dropped_tokens": .flag(schedule.restoresDroppedTokens),
      "lengths": .list(
        (1...schedule.maximumLength).map { length in
          let counts = schedule.retentionConfiguration(length: length).dropFirst()
          return .record(["tokens": .integer(length), "keep_counts": .integers(Array(counts))])
        }),
    ])
  }

  /// By op, named by its layer and what it computes: which kernel serves up to how many rows.
  private static func kernels(_ plan: Plan, _ explanation: Explanation) -> ReportValue {
    .list(
      explanation.sections.flatMap { section in
        section.ops.map { op in
          let choices = plan.selections.filter { Int($0.op) == op.number }.map { choice in
            let name = choice.kernel.name ?? "\(choice.kernel.rawValue)"
            return choice.maximumRows == .max ? name : "\(name) to \(choice.maximumRows) rows"
          }
          let name = "\(section.title), \(op.title) (op \(op.number))"
          return .record(["name": .text(name), "kernel": .text(choices.joined(separator: ", "))])
        }
      })
  }

  private static func predictions(_ explanation: Explanation) -> ReportValue {
    .record([
      "lengths": .list(
        explanation.lengths.map { length in
          .record([
            "tokens": .integer(length.tokens), "predicted_ns": .time(length.planned.time),
            "low_ns": .time(length.planned.low), "high_ns": .time(length.planned.high),
            "dense_ns": .time(length.denseTime),
            "published_work_speedup": ReportValue(length.publishedSpeedup) { .factor($0) },
          ])
        }),
      "layers": .list(
        explanation.sections.map { .record(["layer": .integer($0.layer), "predicted_ns": .time($0.time)]) }),
    ])
  }

  private static func sizes(_ plan: Plan) -> ReportValue {
    .record([
      "arena_bytes": .bytes(plan.arena.byteCount), "weights_bytes": .bytes(plan.weights.byteCount),
      "resident_bytes": .bytes(plan.residentBytes), "ops": .integer(plan.ops.count),
      "slots": .integer(plan.arena.slots.count), "tensors": .integer(plan.weights.entries.count),
      "weights_digest": .text(plan.weights.digest.shortHex),
    ])
  }
}
