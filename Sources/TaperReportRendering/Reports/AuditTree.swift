public import TaperAuditor
import TaperBase
import TaperPlanFormat

extension Report {
  /// What `taper audit` shows: the verdict first, then latency by length, where the time goes, what was dropped, what
  /// it did to the answers, and the machine.
  public init(_ audit: AuditReport) {
    let words = AuditWords(report: audit)
    self.init("audit", of: audit.plan.identity.modelName) {
      ReportNode.verdict(Verdict(audit.verdict.kind, audit.verdict.rawValue, reason: words.verdict))
      ReportNode.data("tolerance", .number(audit.tolerance))
      ReportNode.data("threads", .integer(audit.threads))
      ReportNode.data("plan", audit.plan.value)
      ReportNode.paragraph(words.subject)
      if !audit.plan.identity.request.isEmpty {
        ReportNode.paragraph("request: \(audit.plan.identity.request)")
      }
      audit.deadlineNodes
      ReportNode.highlights(audit.highlights)
      ReportNode.section("end to end") {
        Chart.latency(audit)
        audit.lengthTable
        Chart.residuals(audit)
      }
      ReportNode.section("percentiles with 95% intervals") { audit.percentileTable }
      ReportNode.data("reference_tokens", ReportValue(audit.referenceLength) { .integer($0) })
      ReportNode.data("ops", .list(audit.ops.map { $0.value(in: audit.group(of: $0)) }))
      ReportNode.data("layers", .list(audit.layers.map(\.value)))
      if let reference = audit.referenceLength {
        ReportNode.section("op by op at \(reference) tokens") {
          audit.opTree(words)
          if !audit.ops.isEmpty {
            Chart.timeline(audit)
            Chart.roofline(audit)
          }
        }
      }
      ReportNode.section("where the residual comes from") {
        audit.sourceTable
        if !audit.residualSources.isEmpty, let sentence = words.residual { ReportNode.paragraph(sentence) }
      }
      if let chart = Chart.keepCounts(audit) { ReportNode.section("tokens kept") { chart } }
      if !audit.plan.arena.slots.isEmpty {
        let use = ArenaUse(arena: audit.plan.arena, ops: audit.plan.ops)
        ReportNode.section("memory") {
          ReportNode.paragraph(use.sentence)
          Chart.arena(use)
        }
      }
      if audit.halting != nil {
        ReportNode.section("halting") { for sentence in words.halting { ReportNode.paragraph(sentence) } }
      }
      audit.accuracyNodes(words)
      ReportNode.data("arena", audit.plan.arenaValue)
      ReportNode.data(
        "roof",
        ReportValue(audit.roof) {
          .record(["flops_per_second": .number($0.compute), "bytes_per_second": .number($0.bandwidth)])
        })
      ReportNode.data("noise", audit.noise.auditValue)
      ReportNode.section("machine") {
        ReportNode.paragraph(words.noise)
        ReportNode.facts(audit.environmentFacts)
      }
      if let halting = audit.halting { ReportNode.data("halting", halting.value) }
      for check in audit.checks(words) { ReportNode.check(check) }
    }
  }
}

extension AuditVerdict {
  fileprivate var kind: Verdict.Kind {
    switch self {
    case .within: .good
    case .outside: .bad
    case .noisy: .unsure
    }
  }
}

// MARK: Parts

extension AuditReport {
  /// What was asked of the plan, and whether it is so.
  @ReportBuilder fileprivate var deadlineNodes: [ReportNode] {
    if !deadlines.isEmpty {
      ReportTable(
        key: "deadlines",
        [
          .init("asked", key: "asked_ns"), .init("of", key: "percentile", .left),
          .init("up to tokens", key: "tokens"),
          .init("measured", key: "measured_ns"), .init("", key: "met", .left),
        ],
        rows: deadlines.map { deadline in
          .init(
            [
              .time(deadline.asked.time), .text(deadline.asked.percentile.name),
              .integer(deadline.asked.tokens),
              .time(deadline.measured), .shown(deadline.isMet ? "met" : "missed", .flag(deadline.isMet)),
            ], alarm: deadline.isMet ? nil : 4)
        })
    }
  }

  fileprivate var highlights: [Highlight] {
    var highlights: [Highlight] = []
    if let worst = worstLength {
      highlights.append(
        Highlight("Worst residual", .change(worst.residual), note: "at \(worst.tokens) tokens"))
    }
    if let longest = lengths.last {
      highlights.append(
        Highlight(
          "Measured p50 at \(longest.tokens) tokens", .time(longest.measured.p50),
          note: "predicted ~\(NumberText.time(longest.predicted))"))
      if longest.predicted != .zero, longest.predictedDense != longest.predicted {
        let speedup = Double(longest.predictedDense.rawValue) / Double(longest.predicted.rawValue)
        highlights.append(
          Highlight("Predicted speedup over dense", .factor(speedup), note: "at \(longest.tokens) tokens"))
      }
    }
    if let accuracy, let value = accuracy.value {
      let dense = accuracy.planned == nil ? nil : accuracy.dense
      highlights.append(
        Highlight(
          accuracy.metric.words, .text(accuracy.metric.text(value)),
          note: dense.map { "dense \(accuracy.metric.text($0))" } ?? NumberText.count(accuracy.count, "text"))
      )
    }
    highlights.append(
      Highlight("Machine noise", .share(noise.spread), note: "limit \(NumberText.percent(noise.bound, 0))"))
    return highlights
  }

  fileprivate var lengthTable: ReportTable {
    ReportTable(
      key: "lengths",
      [
        .init("tokens", key: "tokens"), .init("predicted", key: "predicted_ns"), .data("predicted_low_ns"),
        .data("predicted_high_ns"), .init("p50", key: "measured_p50_ns"), .data("measured_p90_ns"),
        .data("measured_p99_ns"), .data("measured_p999_ns"), .init("residual", key: "residual"),
        .init("in interval", key: "interval_hit", .left), .data("runs"), .data("predicted_dense_ns"),
        .init("tokens after each layer", key: "keep_counts", .left, isOptional: true),
      ] + Percentile.allCases.map { .data("\($0)_interval_ns") },
      rows: lengths.map { length in
        let counts = length.keepCounts
        return .init(
          [
            .integer(length.tokens), .predicted(.time(length.predicted)), .time(length.low),
            .time(length.high),
            .time(length.measured.p50), .time(length.measured.p90), .time(length.measured.p99),
            .time(length.measured[.p999].time), .rounded(.change(length.residual)), .flag(length.intervalHit),
            .integer(length.measured.runs), .time(length.predictedDense),
            .shown(ReportValue.integers(Array(counts.dropFirst())).text, .integers(counts)),
          ] + Percentile.allCases.map { length.measured[$0].interval }, alarm: isOutside(length) ? 8 : nil)
      })
  }

  /// With little room without p90 and p99.9.
  fileprivate var percentileTable: ReportTable {
    ReportTable(
      [.init("tokens"), .init("runs")]
        + Percentile.allCases.flatMap { percentile in
          let isOptional = percentile != .p50 && percentile != .p99
          return [
            ReportTable.Column(percentile.name, isOptional: isOptional), .detail(isOptional: isOptional),
          ]
        },
      rows: lengths.map { length in
        .init(
          [.integer(length.tokens), .integer(length.measured.runs)]
            + Percentile.allCases.flatMap { percentile -> [ReportValue] in
              let estimate = length.measured[percentile]
              return [.time(estimate.time), .text(estimate.intervalText)]
            })
      })
  }

  fileprivate func opTree(_ words: AuditWords) -> ReportTable {
    let rows = layers.map { layer in
      ReportTable.Row(
        [
          .text("\(words.layerName(layer.layer)) → \(NumberText.count(layer.tokens, "token"))"),
          .predicted(.time(layer.predicted)), .time(layer.measured), .change(layer.residual), .text(""),
        ],
        children: ops.filter { $0.layer == layer.layer }.map { op in
          .init([
            .text(op.label), .predicted(.time(op.predicted)), .time(op.measured), .change(op.residual),
            .text(op.kernelName ?? ""),
          ])
        })
    }
    let sum = ReportTable.Row(
      [
        .text("all ops"), .predicted(.time(layers.reduce(.zero) { $0 + $1.predicted })),
        .time(layers.reduce(.zero) { $0 + $1.measured }), .text(""), .text(""),
      ], isSummary: true)
    return ReportTable(
      [
        .init("", .left), .init("predicted"), .init("measured"), .init("residual"),
        .init("kernel", .left, isOptional: true),
      ], bars: .columns([1, 2], classes: ["predicted", "measured"]), rows: rows + [sum])
  }

  fileprivate var sourceTable: ReportTable {
    let whole = Double(max(1, residualSources.reduce(UInt64(0)) { $0 + $1.predicted.rawValue }))
    return ReportTable(
      key: "residual_sources",
      [
        .init("", key: "name", .left), .init("predicted", key: "predicted_ns"),
        .init("measured", key: "measured_ns"), .init("difference", key: "difference_ns"), .init("of all"),
      ], showsHeadings: !residualSources.isEmpty, bars: .signed(3),
      rows: residualSources.map { source in
        let size = NumberText.time(Nanoseconds(UInt64(abs(source.difference))))
        return .init([
          .text(source.name), .predicted(.time(source.predicted)), .time(source.measured),
          .shown((source.difference < 0 ? "−" : "+") + size, .whole(Int64(source.difference))),
          .change(source.difference / whole),
        ])
      })
  }

  @ReportBuilder fileprivate func accuracyNodes(_ words: AuditWords) -> [ReportNode] {
    if let accuracy {
      ReportNode.section("accuracy") {
        for sentence in words.accuracy { ReportNode.paragraph(sentence) }
        if !accuracy.flips.isEmpty {
          let first = accuracy.flipCount > accuracy.flips.count ? "; the first \(accuracy.flips.count)" : ""
          ReportNode.paragraph("\(NumberText.count(accuracy.flipCount, "answer")) changed\(first):")
          accuracy.flipTable
        }
      }
    }
    ReportNode.data("accuracy", ReportValue(accuracy) { $0.reportValue })
    ReportNode.data("expected_accuracy", ReportValue(plan.evidence) { $0.auditValue })
    ReportNode.data("accuracy_holds", ReportValue(accuracyHolds) { .flag($0) })
  }

  /// Of a name given twice, the last value counts for programs.
  fileprivate var environmentFacts: Facts {
    Facts(
      environment.enumerated().map { place, fact in
        let isLast = !environment.dropFirst(place + 1).contains { $0.name == fact.name }
        return .init(fact.name, .text(fact.value), key: isLast ? fact.name : nil)
      }, key: "environment")
  }

  /// One a length, one for the verdict, and one for the accuracy where the plan states one. When the machine was too
  /// noisy to judge, those of times are skipped; answers do not depend on how steady it is.
  fileprivate func checks(_ words: AuditWords) -> [Check] {
    func judged(_ name: String, time: Double, fails: Bool, _ why: @autoclosure () -> String) -> Check {
      Check(name, time: time, verdict == .noisy ? .skipped(words.verdict) : fails ? .failed(why()) : .passed)
    }
    var checks = lengths.map { length in
      let p50 = length.measured.p50
      return judged(
        "\(length.tokens) tokens", time: Double(p50.rawValue) / 1e9, fails: isOutside(length),
        "predicted \(NumberText.time(length.predicted)), measured p50 \(NumberText.time(p50)): "
          + "residual \(NumberText.signedPercent(length.residual))")
    }
    checks += deadlines.map { deadline in
      let (asked, measured) = (deadline.asked, deadline.measured)
      return judged(
        "deadline up to \(asked.tokens) tokens", time: Double(measured.rawValue) / 1e9,
        fails: !deadline.isMet,
        "\(NumberText.time(asked.time)) asked of \(asked.percentile.name), \(NumberText.time(measured)) measured"
      )
    }
    checks.append(judged("verdict", time: 0, fails: verdict == .outside, words.verdict))
    if let holds = accuracyHolds {
      checks.append(Check("accuracy", time: 0, holds ? .passed : .failed(words.promise ?? "")))
    }
    return checks
  }
}

// MARK: Values for programs

extension PlanSummary {
  fileprivate var value: ReportValue {
    .record([
      "model": .text(identity.modelName), "family": .text(identity.family), "method": .text(identity.method),
      "precision": .text(identity.precision), "request": .text(identity.request),
      "device": .text(identity.deviceName), "threads": .integer(identity.threads),
      "tool_version": .text(identity.toolVersion), "model_digest": .text(identity.modelDigest.hex),
      "profile_digest": .text(identity.profileDigest.hex), "layers": .integer(layers),
      "maximum_tokens": .integer(maximumLength), "arena_bytes": .bytes(arena.byteCount),
      "weights_bytes": .bytes(weights),
    ])
  }

  fileprivate var arenaValue: ReportValue {
    .record(["bytes": .bytes(arena.byteCount), "ops": .integer(ops), "slots": arena.slotValues])
  }
}

extension OpAudit {
  fileprivate var kernelName: String? { kernel.map { $0.name ?? "kernel \($0.rawValue)" } }

  fileprivate func value(in group: OpGroup) -> ReportValue {
    .record([
      "index": .integer(index), "op": .text(op.kind.name), "label": .text(label),
      "kernel": ReportValue(kernel) { .text($0.name ?? "\($0.rawValue)") }, "layer": .integer(layer),
      "rows": .integer(rows), "predicted_ns": .time(predicted), "measured_p50_ns": .time(measured),
      "residual": .rounded(.change(residual)), "group": .text(group.rawValue),
      "work_flops": .flops(prediction.work), "traffic_bytes": .bytes(prediction.traffic),
      "bound": .text(prediction.bound.name),
    ])
  }
}

extension LayerAudit {
  fileprivate var value: ReportValue {
    .record([
      "layer": .integer(layer), "tokens": .integer(tokens), "predicted_ns": .time(predicted),
      "measured_p50_ns": .time(measured), "residual": .rounded(.change(residual)),
    ])
  }
}

extension AccuracyAudit {
  fileprivate var reportValue: ReportValue {
    func number(_ value: Double?) -> ReportValue { .rounded(ReportValue(value) { .number($0) }) }
    return .record([
      "metric": .text(metric.rawValue), "positive": ReportValue(positive) { .text($0) },
      "dense": number(dense), "planned": number(planned),
      "agreement": number(agreement), "count": .integer(count), "interval": interval.value,
      "flip_count": .integer(flipCount),
      "flips": .list(
        flips.map { flip in
          .record([
            "index": .integer(flip.index), "tokens": .integer(flip.tokens), "dense": .text(flip.dense),
            "planned": .text(flip.planned), "score": number(flip.score),
            "expected": ReportValue(flip.expected) { .text($0) },
            "text": ReportValue(flip.text) { .text($0) },
          ])
        }),
    ])
  }

  fileprivate var flipTable: ReportTable {
    ReportTable(
      [
        .init("text"), .init("dense", .left), .init("planned", .left), .init("score"), .init("right", .left),
        .init("begins", .left, isOptional: true, limit: 48),
      ],
      rows: flips.map { flip in
        .init([
          .integer(flip.index), .text(flip.dense), .text(flip.planned),
          ReportValue(flip.score) { .number($0, decimals: 2) },
          ReportValue(flip.expected) { .text($0) }, .text(String((flip.text ?? "").prefix(80))),
        ])
      })
  }
}

extension AccuracyEvidence {
  fileprivate var auditValue: ReportValue {
    .record([
      "metric": .text(metric.name), "positive": ReportValue(positive) { .text($0) },
      "source": .text(source.name),
      "planned": .rounded(.number(Double(planned))),
      "count": .integer(texts),
      "interval": ReportValue(interval) {
        .list([.rounded(.number(Double($0.low))), .rounded(.number(Double($0.high)))])
      },
    ])
  }
}

extension ReferenceNoise {
  fileprivate var auditValue: ReportValue {
    .record([
      "spread": .rounded(.share(spread)), "bound": .rounded(.share(bound)), "drift": .rounded(.change(drift)),
      "probes": .integer(probes), "probe_p10_ns": .time(p10), "probe_p50_ns": .time(p50),
      "probe_p90_ns": .time(p90), "compute": compute.value { .rounded($0) },
      "bandwidth": bandwidth.value { .rounded($0) },
    ])
  }
}

extension HaltingAudit {
  fileprivate var value: ReportValue {
    .record([
      "measured": measured.value { .rounded($0) }, "predicted": ReportValue(predicted) { .record($0.fields) },
      "expected": ReportValue(expected) { $0.value { .rounded($0) } },
      "changed_labels": .integer(changedLabels),
    ])
  }
}
