import TaperAuditor
import TaperBase
import TaperJSON
import TaperPlanFormat
import TaperPlanner
import TaperReportRendering
import TaperWorkflow

/// What `taper plan` says about the plan it wrote.
struct PlanReport {
  let plan: Plan
  let path: String
  let outcome: PlanCompiler.Outcome
  /// Predicted times of the dense plan in f32, of n tokens at n − 1; nil: not known.
  let exactTimes: [Nanoseconds]?
  /// Whether the number of threads was asked for; else it is the fastest that the profile has.
  let hasThreads: Bool
  /// The accuracy that may be lost, where that was asked for.
  var allowed: Double?

  var report: Report {
    Report("plan", of: plan.identity.modelName, textWidth: .max) {
      ReportNode.data("plan", path)
      ReportNode.data("method", plan.identity.method)
      ReportNode.data("precision", plan.identity.precision)
      lengths
      ReportNode.paragraph(legend, .plain)
      ReportNode.data("arena_bytes", .bytes(plan.arena.byteCount))
      ReportNode.data("resident_bytes", .bytes(plan.residentBytes))
      ReportNode.paragraph(
        "arena \(NumberText.size(plan.arena.byteCount)), weights \(NumberText.size(plan.weights.byteCount)), "
          + "resident at most \(NumberText.size(plan.residentBytes))", .plain)
      ReportNode.data("threads", .integer(plan.identity.threads))
      ReportNode.paragraph(
        (isExact ? "" : "products in \(plan.identity.precision), ")
          + NumberText.count(Int(plan.identity.threads), "thread")
          + (hasThreads ? "" : " (the fastest of the profile's counts; --threads asks for another)"), .plain)
      if let margin = outcome.percentile {
        ReportNode.paragraph(
          "planned for \(margin.percentile.name): medians stay \(NumberText.times(margin.overMedian)) below the "
            + "deadlines, from the spread of times in the profile", .plain)
      }
      if let expectations = plan.expectations { ReportNode.paragraph(words(expectations), .plain) }
      if let halting = plan.haltingValue { ReportNode.data("halting", halting) }
      plan.haltingNodes
      trialData
      if let accuracy = outcome.accuracy { ReportNode.data("accuracy", accuracy.value) }
      if let margin = outcome.percentile {
        ReportNode.data(
          "percentile",
          .record(["name": .text(margin.percentile.name), "over_median": .number(margin.overMedian)]))
      }
      if !outcome.candidates.isEmpty {
        ReportNode.data("candidates", .list(outcome.candidates.map(\.value)))
        ReportNode.paragraph("considered", .plain)
        for candidate in outcome.candidates {
          ReportNode.paragraph("\(candidate.name): \(candidate.explanation)")
        }
      }
      trials
      if let head = outcome.head { ReportNode.paragraph(HeadSummary.text(head, outcome.heldOut), .plain) }
      if let accuracy = outcome.accuracy { nodes(accuracy) }
      ReportNode.paragraph("→ \(path)", .plain)
    }
  }

  private var lengths: ReportTable {
    ReportTable(
      key: "lengths",
      [
        .init("tokens", key: "tokens", .left), .init("kept by layer", key: "keep_counts"),
        .init("predicted", key: "predicted_ns"), .init("dense \(plan.identity.precisionWord)"),
        .init("in time"), .init("K"),
        .init(isExact ? nil : "dense f32", isOptional: true), .init(isExact ? nil : "over f32"),
        .data("work_speedup"), .data("time_speedup"), .data("dense_ns"), .data("dense_f32_ns"),
        .data("time_speedup_over_f32"),
      ] + (plan.expectations == nil ? [] : [.data("expected")]), style: .ruled,
      rows: plan.predictions.referenceLengths.map(Int.init).map { tokens in
        let prediction = plan.predictions.lengths[tokens - 1]
        let time = prediction.timeSpeedup
        let work = ReportValue(prediction.publishedWorkSpeedup) { .factor($0) }
        let exact = exactTimes?[tokens - 1]
        let exactTime = ReportValue(exact) { .time($0) }
        let overExact = ReportValue(exact) {
          .factor(Double($0.rawValue) / Double(max(1, prediction.planned.time.rawValue)))
        }
        let counts = Array(plan.schedule.retentionConfiguration(length: tokens).dropFirst())
        return .init(
          [
            .integer(tokens), .integers(counts), .predicted(.time(prediction.planned.time)),
            .predicted(.time(prediction.denseTime)), .factor(time), work, .predicted(exactTime), overExact,
            work, .factor(time), .time(prediction.denseTime), exactTime, overExact,
          ] + (plan.expectations.map { [.record($0.lengths[tokens - 1].fields)] } ?? []))
      })
  }

  private var isExact: Bool { plan.identity.precision == Precision.f32.rawValue }

  /// What the speedups of the table are over.
  private var legend: String {
    "in time, K: speedup over dense \(plan.identity.precisionWord), in predicted time and in work by the published "
      + "formula"
      + (isExact ? "" : "; over f32: in predicted time, over dense f32")
  }

  private func words(_ expectations: Expectations) -> String {
    let expected = expectations.overall
    return "expected over \(expectations.texts) calibration texts: mean ~\(NumberText.time(expected.mean)), "
      + "p50 ~\(NumberText.time(expected.p50)), p90 ~\(NumberText.time(expected.p90)), "
      + "p99 ~\(NumberText.time(expected.p99))"
  }

  @ReportBuilder private func nodes(_ accuracy: AccuracyComparison) -> [ReportNode] {
    if let evidence = plan.evidence {
      ReportNode.paragraph(EvidenceText.line(evidence, head: plan.head.kind), .plain)
    }
    if let longest = accuracy.longestText, longest < plan.schedule.maximumLength {
      ReportNode.paragraph(
        "The longest of these texts has \(longest) tokens: nothing is known of the answers to longer ones.",
        .plain)
    }
    if let allowed, accuracy.step > allowed {
      ReportNode.paragraph(
        "Of \(accuracy.count) texts one is \(NumberText.fixed(accuracy.step * 100, 2)) points: too few to tell "
          + "whether \(NumberText.fixed(allowed * 100, 2)) are lost.", .plain)
    }
    if accuracy.flipCount > 0 {
      // JSON has all that are kept.
      let shown = accuracy.flips.prefix(8)
      ReportNode.paragraph("\(NumberText.count(accuracy.flipCount, "label")) changed:")
      for flip in shown {
        let expected = flip.expected.map { ", right is \($0)" } ?? ""
        ReportNode.paragraph("  text \(flip.index): \(flip.dense) → \(flip.planned)\(expected)")
      }
      let more = accuracy.flipCount - shown.count
      if more > 0 { ReportNode.paragraph("  and \(more) more") }
    }
  }

  // MARK: Method search

  @ReportBuilder private var trialData: [ReportNode] {
    if !outcome.trials.isEmpty {
      ReportNode.data("trials", .list(outcome.trials.map { ReportValue(.object($0.json)) }))
      ReportNode.data("acc_trial", ReportValue(outcome.plainTrial) { ReportValue(.object($0.json)) })
    }
  }

  /// The best of what method `search` tried, and plain `acc` for comparison.
  @ReportBuilder private var trials: [ReportNode] {
    if !outcome.trials.isEmpty {
      let best = outcome.trials.prefix(8)
      ReportNode.paragraph("search: \(NumberText.count(outcome.trials.count, "candidate")), the best", .plain)
      ReportTable(
        [
          .init("method", .left), .init("layers"), .init("decay"), .init("precision"), .init("texts"),
          .init("judged"), .init("95% interval"), .init("loss"), .init("mean"), .init("worst"),
        ], style: .ruled,
        rows: (Array(best) + (outcome.plainTrial.map { best.contains($0) ? [] : [$0] } ?? [])).map(\.row))
      ReportNode.paragraph(comparison, .plain)
    }
  }

  /// The best against plain `acc`, on the same texts.
  private var comparison: String {
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

extension SearchTrial {
  fileprivate var row: ReportTable.Row {
    let decay =
      if case .attention(let decay)? = candidate.dropping { decay.map { "\($0)" } ?? "acc" } else { "" }
    let interval = score.interval.map {
      "\(NumberText.percent($0.low, 1)) to \(NumberText.percent($0.high, 1))"
    }
    return .init([
      .text(candidate.methodName + (candidate.restores ? "" : ", mean of kept")), .integer(candidate.depth),
      .text(decay),
      .text(candidate.precision.name), .integer(texts), .share(score.metric, decimals: 2),
      .text(interval ?? ""),
      .number(score.loss, decimals: 4), .predicted(.time(score.expected)), .predicted(.time(score.worst)),
    ])
  }
}

extension AccuracyComparison {
  fileprivate var value: ReportValue {
    .record([
      "metric": .text(metric.name), "positive": ReportValue(positive) { .text($0) },
      "dense": .number(dense), "planned": .number(planned), "count": .integer(count),
      "interval": ReportValue(interval) { .list([.number($0.low), .number($0.high)]) },
      "flip_count": .integer(flipCount),
      "flips": .list(
        flips.map { flip in
          .record([
            "text": .integer(flip.index), "dense": .text(flip.dense), "planned": .text(flip.planned),
            "expected": ReportValue(flip.expected) { .text($0) },
          ])
        }),
    ])
  }
}

extension PlanCandidate {
  fileprivate var value: ReportValue {
    .record([
      "name": .text(name), "taken": .flag(reason == nil),
      "predicted_ns": ReportValue(predicted) { .time($0) },
      "resident_bytes": ReportValue(resident) { .bytes($0) }, "lost": ReportValue(lost) { .number($0) },
      "explanation": .text(explanation),
    ])
  }
}
