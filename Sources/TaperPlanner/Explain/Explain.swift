public import TaperPlanFormat

/// A plan as a tree for people: where the tokens go, which kernel serves what, how long it should take and why.
///
/// Every number is the plan's own; ~ marks what is predicted, never measured. 110 columns, or 80 with less in them.
public enum Explain {
  /// - Parameter columns: of the terminal; below 110 intervals, shapes, bytes and keep counts in the tree are left out.
  public static func render(_ plan: Plan, columns: Int = 110) -> String {
    let explanation = Explanation(plan)
    let isNarrow = columns < 110
    let width = isNarrow ? 80 : 110
    var lines = head(plan, explanation).flatMap { $0.wrapped(width, indent: 11) }
    lines.append("")
    lines += lengths(explanation, isNarrow)
    lines += expectations(explanation, isNarrow)
    let halting = HaltingText.lines(plan)
    if !halting.isEmpty { lines += [""] + halting.flatMap { $0.wrapped(width, indent: 4) } }
    lines.append("")
    lines += tree(explanation, isNarrow)
    lines.append("")
    lines += memory(explanation, plan)
    return lines.map(trimmed).joined(separator: "\n") + "\n"
  }

  // MARK: Parts

  private static func head(_ plan: Plan, _ explanation: Explanation) -> [String] {
    let identity = plan.identity
    let model = plan.model
    let threads = identity.threads == 1 ? "1 thread" : "\(identity.threads) threads"
    let off = PlannerPass.allCases.map(\.name).filter { !identity.passes.contains($0) }
    var lines = [
      "\(identity.modelName) · \(identity.method) · \(identity.precision) · \(threads) · "
        + (identity.deviceName.isEmpty ? "unnamed device" : identity.deviceName),
      "  model    \(identity.family), \(model.layers) layers of \(model.hidden), \(model.heads) heads, "
        + "FFN \(model.feedForward), at most \(plan.schedule.maximumLength) tokens",
      "  head     " + head(plan.head)
        + restoring(plan),
    ]
    if let evidence = plan.evidence {
      lines.append("  expects  " + EvidenceText.line(evidence, head: plan.head.kind))
    }
    if let selectors = selectors(explanation) { lines.append("  chooses  " + selectors) }
    if !identity.request.isEmpty { lines.append("  request  " + identity.request) }
    lines.append("  passes   " + (off.isEmpty ? "all" : "all but " + off.joined(separator: ", ")))
    return lines
  }

  /// Which tokens a mean is over, of a plan that drops some.
  private static func restoring(_ plan: Plan) -> String {
    if plan.schedule.restoresDroppedTokens { return ", dropped tokens restored" }
    return plan.head.pooling == .mean && plan.schedule.reducesAnywhere ? ", kept tokens only" : ""
  }

  private static func head(_ head: Head) -> String {
    let pooling =
      switch head.pooling {
      case .mean: "mean pooling"
      case .cls: "[CLS] pooling"
      case .tokens: "for every token"
      }
    let result =
      switch head.kind {
      case .embedding: "embedding of \(head.outputWidth)"
      case .classification: "\(head.outputWidth) classes"
      case .tokenClassification: "\(head.outputWidth) classes"
      case .multiLabel: "\(head.outputWidth) independent labels"
      case .regression: head.outputWidth == 1 ? "one number" : "\(head.outputWidth) numbers"
      }
    return "\(result), \(pooling)" + (head.normalized ? ", L2-normalised" : "")
  }

  private static func lengths(_ explanation: Explanation, _ isNarrow: Bool) -> [String] {
    func wide(_ text: String, _ width: Int) -> String { isNarrow ? "" : text.rightAligned(width) }
    var lines = [
      "tokens".rightAligned(8) + "dense".rightAligned(13) + "planned".rightAligned(13)
        + wide("interval", 23) + "time".rightAligned(8) + "work".rightAligned(8) + wide("K", 8)
        + "  kept, layer by layer"
    ]
    for length in explanation.lengths {
      lines.append(
        String(length.tokens).rightAligned(8) + ("~" + NumberText.time(length.denseTime)).rightAligned(13)
          + ("~" + NumberText.time(length.planned.time)).rightAligned(13)
          + wide("\(NumberText.time(length.planned.low)) … \(NumberText.time(length.planned.high))", 23)
          + NumberText.times(length.timeSpeedup).rightAligned(8)
          + NumberText.times(length.workSpeedup).rightAligned(8)
          + wide(NumberText.times(length.publishedSpeedup), 8) + "  "
          + counts(length.keepCounts, dense: length.tokens))
    }
    lines.append(
      "  time, work: dense over planned, as predicted"
        + (isNarrow ? "" : "; K: work speedup by the published form"))
    return lines
  }

  /// Which selectors are at work, in words; nil when none is.
  private static func selectors(_ explanation: Explanation) -> String? {
    guard let first = explanation.selectors.first else { return nil }
    let places = explanation.selectors.map { "\($0.layer)" }.joined(separator: ", ")
    let rule =
      first.threshold.map { "tokens with π ≥ \(NumberText.fixed($0, 2)), at most the kept" }
      ?? "the kept of largest π"
    return "selectors after layers \(places): \(rule)"
  }

  /// What to expect below the worst case, which the table of lengths tells.
  private static func expectations(_ explanation: Explanation, _ isNarrow: Bool) -> [String] {
    guard let expected = explanation.expected else { return [] }
    func times(_ time: ExpectedTime) -> String {
      [time.mean, time.p50, time.p90, time.p99].map { ("~" + NumberText.time($0)).rightAligned(13) }.joined()
    }
    var lines = [
      "",
      "expected".rightAligned(8) + "mean".rightAligned(13) + "p50".rightAligned(13) + "p90".rightAligned(13)
        + "p99".rightAligned(13) + "  tokens expected, layer by layer",
    ]
    for length in explanation.lengths {
      guard let expected = length.expected else { continue }
      lines.append(
        String(length.tokens).rightAligned(8) + times(expected) + "  "
          + clipped(
            length.expectedTokens.map { NumberText.fixed(Double($0), 1) }.joined(separator: " "),
            isNarrow ? 18 : 48))
    }
    let capped = explanation.selectors.compactMap { selector in
      selector.cappedShare.map { "\(NumberText.percent(Double($0))) after layer \(selector.layer)" }
    }
    lines.append(
      "texts".rightAligned(8) + times(expected) + "  the calibration's \(explanation.calibrationTexts)")
    lines.append(
      "  at the most tokens allowed: " + capped.joined(separator: ", ") + " of the calibration's texts")
    return lines
  }

  private static func counts(_ counts: [Int], dense: Int) -> String {
    if counts.allSatisfy({ $0 == dense }) { return "all" }
    let text = counts.map(String.init).joined(separator: " ")
    return clipped(text, 27)
  }

  private static func tree(_ explanation: Explanation, _ isNarrow: Bool) -> [String] {
    var lines = [
      "at \(explanation.detailLength) tokens".leftAligned(isNarrow ? 32 : 35) + "kernel".leftAligned(22)
        + (isNarrow ? "" : "shape".leftAligned(19) + "bytes".rightAligned(8)) + "time".rightAligned(10)
        + "share".rightAligned(6) + " bound"
    ]
    for (number, section) in explanation.sections.enumerated() {
      let isLast = number == explanation.sections.count - 1
      lines.append((isLast ? "└─ " : "├─ ") + title(section, explanation, isNarrow))
      let ops = section.ops.filter(\.runs)
      for (place, op) in ops.enumerated() {
        let branch = (isLast ? "   " : "│  ") + (place == ops.count - 1 ? "└─ " : "├─ ")
        lines.append(branch + line(op, isNarrow))
      }
    }
    return lines
  }

  private static func title(
    _ section: Explanation.Section, _ explanation: Explanation, _ isNarrow: Bool
  ) -> String {
    let tokens =
      section.tokensIn == section.tokensOut
      ? "\(section.tokensIn) tokens" : "\(section.tokensIn) → \(section.tokensOut) tokens"
    let share = "~\(NumberText.time(section.time)), \(NumberText.percent(section.share))"
    // Of lengths at which something was dropped by then.
    let kept = zip(explanation.lengths, section.keepCounts).filter { $0.tokens != $1 }
    let isLayer = section.layer > 0 && section.layer < explanation.sections.count - 1
    let keeps =
      isNarrow || !isLayer || kept.isEmpty
      ? "" : "keeps " + kept.map { "\($1)/\($0.tokens)" }.joined(separator: " ")
    let bound = "\(section.bound.name) \(NumberText.percent(section.boundShare, 0))"
    return section.title.leftAligned(17) + tokens.leftAligned(17) + share.leftAligned(17)
      + bound.leftAligned(16) + clipped(keeps, 40)
  }

  private static func line(_ op: Explanation.Op, _ isNarrow: Bool) -> String {
    let title = isNarrow ? clipped(op.title, 25).leftAligned(26) : clipped(op.title, 28).leftAligned(29)
    let size =
      isNarrow
      ? ""
      : clipped(op.shape, 19).leftAligned(19) + NumberText.size(op.prediction.traffic).rightAligned(8)
    return title + op.kernel.leftAligned(22) + size
      + ("~" + NumberText.time(op.prediction.time)).rightAligned(10)
      + NumberText.percent(op.share).rightAligned(6) + " " + op.prediction.bound.name
  }

  private static func memory(_ explanation: Explanation, _ plan: Plan) -> [String] {
    let slots = explanation.arena.slots
    let apart = slots.reduce(UInt64(0)) { $0 + ($1.byteCount.rawValue + 63) / 64 * 64 }
    var lines = [
      "arena    \(NumberText.size(explanation.arena.byteCount)) for \(slots.count) slots "
        + "(\(NumberText.size(Bytes(apart))) side by side); the largest:"
    ]
    let largest = slots.indices.sorted {
      (slots[$1].byteCount, $0) < (slots[$0].byteCount, $1)
    }.prefix(4)
    for number in largest {
      let slot = slots[number]
      let last = slot.lastOp == .max ? "end" : "\(slot.lastOp)"
      lines.append(
        "         " + slot.name.leftAligned(30) + NumberText.size(slot.byteCount).rightAligned(10)
          + "  at \(slot.offset.rawValue), ops \(slot.firstOp) to \(last)")
    }
    lines.append(
      "weights  \(NumberText.size(explanation.weightBytes)) in \(explanation.tensorCount) tensors"
        + (plan.weights.isEmbedded ? ", inside the plan" : ", digest \(short(plan.weights.digest))…"))
    return lines
  }

  private static func clipped(_ text: String, _ width: Int) -> String {
    text.count <= width ? text : text.prefix(width - 1) + "…"
  }

  private static func trimmed(_ line: String) -> String {
    var line = line
    while line.last == " " { line.removeLast() }
    return line
  }
}
