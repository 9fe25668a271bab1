import TaperBase
public import TaperPlanFormat
public import TaperPlanner

extension Report {
  /// What `taper explain` shows: where the tokens go, which kernel serves what, how long it should take and why.
  ///
  /// Every number but the limits is the plan's own; ~ marks what is predicted, never measured.
  ///
  /// - Parameter limits: what each layer is bound by on a device, where one was named.
  public init(explaining plan: Plan, limits: Limits? = nil) {
    let explanation = Explanation(plan)
    let identity = plan.identity
    self.init("explain", of: identity.modelName, textWidth: 110) {
      ReportNode.paragraph(
        "\(identity.modelName) · \(identity.method) · \(identity.precision) · "
          + "\(NumberText.count(Int(identity.threads), "thread")) · "
          + (identity.deviceName.isEmpty ? "unnamed device" : identity.deviceName), .hanging(11))
      ReportNode.facts(explanation.facts(plan))
      explanation.identityData(plan)
      ReportNode.section {
        explanation.lengthTable
        ReportNode.paragraph(
          Paragraph(
            "time, work: predicted speedup over dense"
              + (identity.precision == Precision.f32.rawValue ? "" : " of the same precision"),
            optional: "; K: work speedup by the published formula"
          ))
      }
      explanation.expectedNodes
      ReportNode.section { plan.haltingNodes }
      ReportNode.data("detail_tokens", .integer(explanation.detailLength))
      ReportNode.data("sections", .list(explanation.sections.map(\.value)))
      ReportNode.data("limits", ReportValue(limits) { $0.value(explanation.lengths) })
      ReportNode.data(
        "arena", .record(["bytes": .bytes(plan.arena.byteCount), "slots": plan.arena.slotValues]))
      ReportNode.data(
        "weights",
        .record([
          "bytes": .bytes(explanation.weightBytes), "tensors": .integer(explanation.tensorCount),
          "inside_plan": .flag(plan.weights.isEmbedded), "digest": .text(plan.weights.digest.hex),
        ]))
      ReportNode.section { explanation.tree }
      ReportNode.section { explanation.memoryNodes(plan) }
      if let limits { ReportNode.section { limits.nodes } }
    }
  }
}

// MARK: What the plan is

extension Explanation {
  private func encoder(_ model: ModelShape) -> String {
    guard model.layers > 0 else { return "word rows of \(model.hidden), no layers" }
    return "\(model.layers) layers of \(model.hidden), \(model.heads) heads, FFN \(model.feedForward)"
  }

  fileprivate func facts(_ plan: Plan) -> Facts {
    let (identity, model) = (plan.identity, plan.model)
    let off = PlannerPass.allCases.map(\.name).filter { !identity.passes.contains($0) }
    var facts: [Facts.Fact] = [
      .init(
        "model",
        .text(
          "\(identity.family), \(encoder(model)), at most \(plan.schedule.maximumLength) tokens")),
      .init("head", .text(plan.head.words + restoring(plan))),
    ]
    if let evidence = plan.evidence {
      facts.append(.init("expects", .text(EvidenceText.line(evidence, head: plan.head.kind))))
    }
    if let selection { facts.append(.init("selects", .text(selection))) }
    if plan.ops.contains(where: { $0.kind == .wordScores }) {
      facts.append(.init("selects", .text("before layer 1, by a score of each word")))
    }
    if !identity.request.isEmpty { facts.append(.init("request", .text(identity.request))) }
    let errors = plan.statedErrors.map { kernel, rows, rms, largest in
      "\(kernel)\(rows.map { " (to \($0) rows)" } ?? "") within \(largest) of its results' root mean square, \(rms) rms"
    }
    if !errors.isEmpty { facts.append(.init("errors", .text(errors.joined(separator: "; ")))) }
    facts.append(.init("passes", .text(off.isEmpty ? "all" : "all but " + off.joined(separator: ", "))))
    return Facts(facts, nameWidth: 7)
  }

  /// Which tokens a mean is over, of a plan that drops some.
  private func restoring(_ plan: Plan) -> String {
    if plan.ops.contains(where: { $0.kind == .spread }) { return ", dropped tokens through a lens" }
    if plan.schedule.restoresDroppedTokens { return ", dropped tokens restored" }
    return plan.head.pooling.joinsTokens && plan.schedule.reducesAnywhere ? ", kept tokens only" : ""
  }

  /// What the selectors do, in words; nil for a plan without.
  private var selection: String? {
    guard let first = selectors.first else { return nil }
    let places = selectors.map { "\($0.layer)" }.joined(separator: ", ")
    let rule =
      first.threshold.map {
        "tokens with a score of at least \(NumberText.fixed($0, 2)), at most the keep count"
      }
      ?? "as many tokens as the keep count, by score"
    return "by selectors after layers \(places): \(rule)"
  }

  @ReportBuilder fileprivate func identityData(_ plan: Plan) -> [ReportNode] {
    let (identity, model) = (plan.identity, plan.model)
    ReportNode.data("model", identity.modelName)
    ReportNode.data("family", identity.family)
    ReportNode.data("device", identity.deviceName)
    ReportNode.data("method", identity.method)
    ReportNode.data("precision", identity.precision)
    if !plan.statedErrors.isEmpty {
      ReportNode.data(
        "errors",
        .list(
          plan.statedErrors.map { kernel, rows, rms, largest in
            .record([
              "kernel": .text(kernel), "maximum_rows": ReportValue(rows) { .integer($0) },
              "rms": .number(rms), "largest": .number(largest),
            ])
          }))
    }
    ReportNode.data("threads", .integer(identity.threads))
    ReportNode.data("request", identity.request)
    ReportNode.data("passes", .texts(identity.passes))
    ReportNode.data(
      "shape",
      .record([
        "layers": .integer(model.layers), "hidden": .integer(model.hidden), "heads": .integer(model.heads),
        "feed_forward": .integer(model.feedForward), "maximum_length": .integer(plan.schedule.maximumLength),
      ]))
    ReportNode.data("restores_dropped_tokens", .flag(plan.schedule.restoresDroppedTokens))
    ReportNode.data("selectors", .list(selectors.map(\.value)))
    ReportNode.data(
      "expected",
      ReportValue(expected) { .record($0.fields + [.init("texts", .integer(calibrationTexts))]) })
    ReportNode.data("halting", plan.haltingValue ?? .none)
    ReportNode.data("accuracy", ReportValue(plan.evidence) { $0.value })
  }
}

extension Plan {
  /// Of the plan's kernels that state one, the error relative to the root mean square of the results, and the most
  /// rows of the ops that they serve; nil for any number.
  fileprivate var statedErrors: [(kernel: String, rows: Int?, rms: Double, largest: Double)] {
    KernelID.all.compactMap { id, name in
      guard let error = id.statedError,
        let rows = selections.filter({ $0.kernel == id }).map(\.maximumRows).max()
      else { return nil }
      return (name, rows == .max ? nil : Int(rows), error.rms, error.largest)
    }
  }
}

extension Head {
  fileprivate var words: String {
    let pooling =
      switch pooling {
      case .mean: "mean pooling"
      case .cls: "[CLS] pooling"
      case .tokens: "for every token"
      case .max: "max pooling"
      case .meanSqrtLength: "sum over the root of the length"
      case .weightedMean: "mean weighted by position"
      case .lastToken: "last token"
      case .sum: "sum pooling"
      }
    let result =
      switch kind {
      case .embedding: "embedding of \(outputWidth)"
      case .classification, .tokenClassification: "\(outputWidth) classes"
      case .multiLabel: "\(outputWidth) independent labels"
      case .sparse: "sparse vector over \(outputWidth) tokens"
      case .tokenVectors: "vectors of \(outputWidth)"
      case .regression: outputWidth == 1 ? "one number" : "\(outputWidth) numbers"
      }
    return "\(result), \(pooling)" + (normalized ? ", L2-normalised" : "")
  }
}

extension Explanation.Selector {
  fileprivate var value: ReportValue {
    .record([
      "layer": .integer(layer), "threshold": ReportValue(threshold) { .number($0) },
      "capped_share": ReportValue(cappedShare) { .share(Double($0)) },
    ])
  }
}

// MARK: By length

extension Explanation {
  fileprivate var lengthTable: ReportTable {
    ReportTable(
      key: "lengths",
      [
        .data("expected"), .init("tokens", key: "tokens", width: 8), .data("keep_counts"),
        .data("prediction"),
        .init("dense", key: "dense_ns", width: 13), .init("planned", width: 13),
        .init("interval", isOptional: true, width: 23), .init("time", key: "time_speedup", width: 8),
        .init("work", key: "work_speedup", width: 8),
        .init("K", key: "published_work_speedup", isOptional: true, width: 8),
        .init("kept, layer by layer", .left, limit: 27),
      ], style: .indented(0),
      rows: lengths.map { length in
        let kept = length.keepCounts.allSatisfy { $0 == length.tokens }
        let planned = length.planned
        return .init([
          ReportValue(length.expected) { time in
            .record(
              time.fields + [.init("kept_tokens", .list(length.expectedTokens.map { .number(Double($0)) }))])
          }, .integer(length.tokens), .integers(length.keepCounts), planned.value,
          .predicted(.time(length.denseTime)), .predicted(.time(planned.time)),
          .text("\(NumberText.time(planned.low)) … \(NumberText.time(planned.high))"),
          .factor(length.timeSpeedup), ReportValue(length.workSpeedup) { .factor($0) },
          ReportValue(length.publishedSpeedup) { .factor($0) },
          kept ? .text("all") : .integers(length.keepCounts),
        ])
      })
  }

  /// What to expect below the worst case, which the table of lengths tells.
  @ReportBuilder fileprivate var expectedNodes: [ReportNode] {
    if let expected {
      let texts = ReportTable.Row(
        [.text("texts")] + times(expected) + [.text("\(calibrationTexts) calibration texts")], isSummary: true
      )
      ReportNode.section {
        ReportTable(
          [
            .init("expected", width: 8), .init("mean", width: 13), .init("p50", width: 13),
            .init("p90", width: 13),
            .init("p99", width: 13),
            .init("tokens expected, layer by layer", .left, limit: .init(48, narrow: 18)),
          ], style: .indented(0),
          rows: lengths.compactMap { length in
            length.expected.map {
              .init(
                [.integer(length.tokens)] + times($0)
                  + [.list(length.expectedTokens.map { .number(Double($0), decimals: 1) })])
            }
          } + [texts])
        ReportNode.paragraph("calibration texts that the keep count limits: " + cappedShares)
      }
    }
  }

  private var cappedShares: String {
    selectors.compactMap { selector in
      selector.cappedShare.map { "\(NumberText.percent(Double($0))) after layer \(selector.layer)" }
    }.joined(separator: ", ")
  }

  private func times(_ time: ExpectedTime) -> [ReportValue] {
    [time.mean, time.p50, time.p90, time.p99].map { .predicted(.time($0)) }
  }
}

extension Prediction {
  fileprivate var value: ReportValue {
    .record([
      "predicted_ns": .time(time), "low_ns": .time(low), "high_ns": .time(high), "work_flops": .flops(work),
      "traffic_bytes": .bytes(traffic), "bound": .text(bound.name), "provenance": .text(provenance.name),
    ])
  }
}

// MARK: Op by op

extension Explanation {
  fileprivate var tree: ReportTable {
    ReportTable(
      [
        .init("at \(detailLength) tokens", .left, width: .init(34, narrow: 32), limit: .init(27, narrow: 25)),
        .init("kernel", .left, width: 22), .init("shape", .left, isOptional: true, width: 19, limit: 19),
        .init("bytes", isOptional: true, width: 9), .init("time", width: 10), .init("share", width: 6),
        .init("bound", .left, gap: 1),
      ],
      branchColumns: [
        .init("", .left, width: 20), .init("", .left, width: 17), .init("", .left, width: 17),
        .init("", .left, width: 16), .init("", .left, isOptional: true, gap: 0, limit: 40),
      ], style: .indented(0), branchWidth: 3,
      rows: sections.map { section in
        .init(cells(section), children: section.ops.filter(\.runs).map { .init(cells($0)) })
      })
  }

  private func cells(_ section: Section) -> [ReportValue] {
    let tokens =
      section.tokensIn == section.tokensOut
      ? "\(section.tokensIn) tokens" : "\(section.tokensIn) → \(section.tokensOut) tokens"
    // Of lengths at which something was dropped by then.
    let kept = zip(lengths, section.keepCounts).filter { $0.tokens != $1 }
    let isLayer = section.layer > 0 && section.layer < sections.count - 1
    return [
      .text(section.title), .text(tokens),
      .text("~\(NumberText.time(section.time)), \(NumberText.percent(section.share))"),
      .text("\(section.bound.name) \(NumberText.percent(section.boundShare, 0))"),
      .text(
        isLayer && !kept.isEmpty ? "keeps " + kept.map { "\($1)/\($0.tokens)" }.joined(separator: " ") : ""),
    ]
  }

  private func cells(_ op: Op) -> [ReportValue] {
    [
      .text(op.title), .text(op.kernel), .text(op.shape), .bytes(op.prediction.traffic),
      .predicted(.time(op.prediction.time)), .share(op.share), .text(op.prediction.bound.name),
    ]
  }
}

extension Explanation.Section {
  fileprivate var value: ReportValue {
    .record([
      "layer": .integer(layer), "title": .text(title), "tokens_in": .integer(tokensIn),
      "tokens_out": .integer(tokensOut), "predicted_ns": .time(time), "share": .share(share),
      "bound": .text(bound.name), "bound_share": .share(boundShare),
      "ops": .list(
        ops.map { op in
          .record([
            "op": .integer(op.number), "title": .text(op.title), "kernel": .text(op.kernel),
            "shape": .text(op.shape), "runs": .flag(op.runs), "share": .share(op.share),
            "prediction": op.prediction.value,
          ])
        }),
    ])
  }
}

// MARK: Memory

extension Explanation {
  @ReportBuilder fileprivate func memoryNodes(_ plan: Plan) -> [ReportNode] {
    let slots = arena.slots
    let largest = slots.indices.sorted { (slots[$1].byteCount, $0) < (slots[$0].byteCount, $1) }.prefix(4)
    let place = plan.weights.isEmbedded ? "inside the plan" : "digest \(plan.weights.digest.hex.prefix(8))…"
    ReportNode.facts(
      Facts(
        [
          .init(
            "arena",
            .text(
              "\(NumberText.size(arena.byteCount)) for \(slots.count) slots "
                + "(\(NumberText.size(arena.bytesApart)) without sharing); the largest:"))
        ], indent: 0, nameWidth: 7))
    ReportTable(
      [.init("", .left, width: 30), .init("", width: 10), .init("", .left)], style: .indented(9),
      showsHeadings: false,
      rows: largest.map { number in
        let slot = slots[number]
        let last = slot.lastOp == .max ? "end" : "\(slot.lastOp)"
        return .init([
          .text(slot.name), .bytes(slot.byteCount),
          .text("at \(slot.offset.rawValue), ops \(slot.firstOp) to \(last)"),
        ])
      })
    ReportNode.facts(
      Facts(
        [.init("weights", .text("\(NumberText.size(weightBytes)) in \(tensorCount) tensors, \(place)"))],
        indent: 0, nameWidth: 7))
  }
}
