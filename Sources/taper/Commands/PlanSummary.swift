import TaperAuditor
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
      ("arena_bytes", .integer(Int64(clamping: plan.arena.byteCount.rawValue))),
      ("resident_bytes", .integer(Int64(clamping: plan.residentBytes.rawValue))),
    ])
    if let halting = HaltingJSON.object(plan) { object["halting"] = halting }
    if !outcome.trials.isEmpty {
      object["trials"] = .array(outcome.trials.map { .object($0.json) })
      object["acc_trial"] = outcome.plainTrial.map { .object($0.json) } ?? .null
    }
    if let accuracy = outcome.accuracy {
      object["accuracy"] = [
        "metric": .string(accuracy.metric.rawValue), "dense": .number(accuracy.dense),
        "planned": .number(accuracy.planned), "count": JSONValue(accuracy.count),
        "interval": accuracy.interval.map { [.number($0.low), .number($0.high)] } ?? .null,
        "flip_count": JSONValue(accuracy.flipCount), "flips": .array(accuracy.flips.map(flip)),
      ]
    }
    if let margin = outcome.percentile {
      object["percentile"] = [
        "name": .string(margin.percentile.name), "over_median": .number(margin.overMedian),
      ]
    }
    if !outcome.candidates.isEmpty { object["candidates"] = .array(outcome.candidates.map(candidate)) }
    return .object(object)
  }

  private static func flip(_ flip: FlippedLabel) -> JSONValue {
    [
      "text": JSONValue(flip.text), "dense": .string(flip.dense), "planned": .string(flip.planned),
      "expected": flip.expected.map { .string($0) } ?? .null,
    ]
  }

  private static func candidate(_ candidate: PlanCandidate) -> JSONValue {
    [
      "name": .string(candidate.name), "taken": .bool(candidate.reason == nil),
      "predicted_ns": candidate.predicted.map { .integer(Int64(clamping: $0.rawValue)) } ?? .null,
      "resident_bytes": candidate.resident.map { .integer(Int64(clamping: $0.rawValue)) } ?? .null,
      "lost": candidate.lost.map { .number($0) } ?? .null, "explanation": .string(candidate.explanation),
    ]
  }

  private static func length(_ plan: Plan, _ tokens: Int) -> JSONValue {
    let prediction = plan.predictions.lengths[tokens - 1]
    var object = JSONObject([
      ("tokens", JSONValue(tokens)),
      (
        "keep_counts",
        .array(plan.schedule.retentionConfiguration(length: tokens).dropFirst().map { JSONValue(Int($0)) })
      ),
      ("predicted_ns", .integer(Int64(clamping: prediction.planned.time.rawValue))),
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
      "arena \(NumberText.size(plan.arena.byteCount)), weights \(NumberText.size(plan.weights.byteCount)), "
        + "resident at most \(NumberText.size(plan.residentBytes))",
    ]
    if let margin = outcome.percentile {
      let factor = NumberText.times(margin.overMedian)
      lines.append(
        "planned for \(margin.percentile.name): medians stay \(factor) below the deadlines, as times spread in the profile"
      )
    }
    if let expectations = plan.expectations {
      let expected = expectations.overall
      lines.append(
        "expected over \(expectations.texts) calibration texts: mean ~\(NumberText.time(expected.mean)), "
          + "p50 ~\(NumberText.time(expected.p50)), p90 ~\(NumberText.time(expected.p90)), p99 ~\(NumberText.time(expected.p99))"
      )
    }
    lines += HaltingText.lines(plan)
    if !outcome.candidates.isEmpty {
      lines += ["considered"] + outcome.candidates.map { "  \($0.name): \($0.explanation)" }
    }
    if !outcome.trials.isEmpty { lines += trials(outcome) }
    if let head = outcome.head { lines.append(HeadSummary.text(head)) }
    if let accuracy = outcome.accuracy { lines += self.accuracy(accuracy, of: plan) }
    return (lines + ["→ \(path)"]).joined(separator: "\n")
  }

  private static func accuracy(_ accuracy: AccuracyComparison, of plan: Plan) -> [String] {
    var lines = plan.evidence.map { [EvidenceText.line($0, head: plan.head.kind)] } ?? []
    guard accuracy.flipCount > 0 else { return lines }
    lines.append("  \(NumberText.count(accuracy.flipCount, "label")) changed:")
    // All of them are in the JSON, as far as they are kept.
    let shown = accuracy.flips.prefix(8)
    lines += shown.map { flip in
      "    text \(flip.text): \(flip.dense) → \(flip.planned)"
        + (flip.expected.map { ", right is \($0)" } ?? "")
    }
    let more = accuracy.flipCount - shown.count
    return more > 0 ? lines + ["    and \(more) more"] : lines
  }

  /// The best of what method `search` tried, and what plain `acc` does beside it.
  private static func trials(_ outcome: PlanCompiler.Outcome) -> [String] {
    var table = Table(
      header: [
        "method", "layers", "decay", "precision", "texts", "judged", "95% interval", "loss", "mean", "worst",
      ])
    for trial in outcome.trials.prefix(8) { table.rows.append(cells(trial)) }
    if let plain = outcome.plainTrial, !outcome.trials.prefix(8).contains(plain) {
      table.rows.append(cells(plain))
    }
    return [
      "search: \(NumberText.count(outcome.trials.count, "candidate")), the best\n" + table.rendered(),
      verdict(outcome),
    ]
  }

  private static func cells(_ trial: SearchTrial) -> [String] {
    let candidate = trial.candidate
    return [
      candidate.methodName + (candidate.restores ? "" : ", mean of kept"), "\(candidate.depth)",
      candidate.method.selects || candidate.method == .halting
        ? "" : candidate.decay.map { "\($0)" } ?? "acc",
      candidate.precision.name, "\(trial.texts)", NumberText.percent(trial.score.metric, 2),
      trial.score.interval.map { "\(NumberText.percent($0.low, 1)) to \(NumberText.percent($0.high, 1))" }
        ?? "",
      NumberText.fixed(trial.score.loss, 4), "~" + NumberText.time(trial.score.expected),
      "~" + NumberText.time(trial.score.worst),
    ]
  }

  /// The best beside plain `acc`, on the same texts.
  private static func verdict(_ outcome: PlanCompiler.Outcome) -> String {
    guard let best = outcome.trials.first, let plain = outcome.plainTrial else {
      return "plain acc does not reach this target"
    }
    if best == plain { return "plain acc is the best of them" }
    func figures(_ trial: SearchTrial) -> String {
      "\(NumberText.percent(trial.score.metric, 2)) in ~\(NumberText.time(trial.score.expected)) on average"
    }
    return
      "plain acc: \(figures(plain)); chosen: \(figures(best)), on \(NumberText.count(best.score.heldOut, "text"))"
  }
}
