import TaperJSON
import TaperPlanFormat
import TaperPlanner
import TaperWorkflow

/// What `taper plan` says about the plan it wrote.
enum PlanSummary {
  static func json(_ plan: Plan, path: String, _ outcome: PlanCompiler.Outcome) -> JSONValue {
    var object = JSONObject([
      ("schema_version", 1), ("plan", .string(path)), ("method", .string(plan.identity.method)),
      ("precision", .string(plan.identity.precision)),
      ("lengths", .array(plan.predictions.referenceLengths.map { length(plan, Int($0)) })),
      ("arena_bytes", .integer(Int64(plan.arena.byteCount.rawValue))),
    ])
    if let halting = HaltingJSON.object(plan) { object["halting"] = halting }
    if !outcome.trials.isEmpty { object["trials"] = .array(outcome.trials.map { .object($0.json) }) }
    if let accuracy = outcome.accuracy {
      object["accuracy"] = [
        "metric": .string(accuracy.metric.rawValue), "dense": .number(accuracy.dense),
        "planned": .number(accuracy.planned), "count": JSONValue(accuracy.count),
      ]
    }
    return .object(object)
  }

  private static func length(_ plan: Plan, _ tokens: Int) -> JSONValue {
    let prediction = plan.predictions.lengths[tokens - 1]
    var object = JSONObject([
      ("tokens", JSONValue(tokens)),
      (
        "keep_counts",
        .array(plan.schedule.retentionConfiguration(length: tokens).dropFirst().map { JSONValue(Int($0)) })
      ),
      ("predicted_ns", .integer(Int64(prediction.planned.time.rawValue))),
      ("work_speedup", .number(prediction.publishedWorkSpeedup)),
      ("time_speedup", .number(prediction.timeSpeedup)),
    ])
    if let expectations = plan.expectations {
      object["expected"] = ExplainJSON.expected(expectations.lengths[tokens - 1])
    }
    return .object(object)
  }

  static func text(_ plan: Plan, path: String, _ outcome: PlanCompiler.Outcome) -> String {
    var table = Table(header: ["tokens", "kept by layer", "predicted", "dense", "in time", "in work"])
    for tokens in plan.predictions.referenceLengths.map(Int.init) {
      let prediction = plan.predictions.lengths[tokens - 1]
      table.rows.append([
        "\(tokens)",
        plan.schedule.retentionConfiguration(length: tokens).dropFirst().map { "\($0)" }.joined(
          separator: " "),
        "~" + NumberText.time(prediction.planned.time), "~" + NumberText.time(prediction.denseTime),
        NumberText.times(prediction.timeSpeedup), NumberText.times(prediction.publishedWorkSpeedup),
      ])
    }
    var lines = [
      table.rendered(),
      "arena \(NumberText.size(plan.arena.byteCount)), weights \(NumberText.size(plan.weights.byteCount))",
    ]
    if let expectations = plan.expectations {
      let expected = expectations.overall
      lines.append(
        "expected over \(expectations.texts) calibration texts: mean ~\(NumberText.time(expected.mean)), "
          + "p50 ~\(NumberText.time(expected.p50)), p90 ~\(NumberText.time(expected.p90)), p99 ~\(NumberText.time(expected.p99))"
      )
    }
    lines += HaltingText.lines(plan)
    if !outcome.trials.isEmpty { lines.append(trials(outcome.trials)) }
    if let head = outcome.head { lines.append(HeadSummary.text(head)) }
    if let accuracy = outcome.accuracy {
      lines.append(
        "\(accuracy.metric.rawValue) on \(accuracy.count) held-out texts: dense \(NumberText.percent(accuracy.dense, 2)), "
          + "planned \(NumberText.percent(accuracy.planned, 2))")
    }
    return (lines + ["→ \(path)"]).joined(separator: "\n")
  }

  /// The best of what method `search` tried.
  private static func trials(_ trials: [SearchTrial]) -> String {
    var table = Table(header: ["layers", "decay", "texts", "held-out", "loss"])
    for trial in trials.prefix(8) {
      table.rows.append([
        "\(trial.candidate.depth)", trial.candidate.decay.map { "\($0)" } ?? "acc", "\(trial.texts)",
        NumberText.percent(trial.score.metric, 2), NumberText.fixed(trial.score.loss, 4),
      ])
    }
    return "search: \(trials.count) candidates, the best\n" + table.rendered()
  }
}
