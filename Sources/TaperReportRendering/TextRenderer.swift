public import TaperAuditor
import TaperPlanFormat

/// A report for a terminal: the verdict, a table of lengths, a tree of layers and ops, accuracy, noise and
/// environment. Predicted numbers are marked with ~, as in `taper explain`.
public enum TextRenderer {
  /// - Parameters:
  ///   - color: whether to colour the verdict and what is out of tolerance, by ANSI escapes.
  ///   - columns: of the terminal; below 110 the tables' last columns (keep counts, kernels) are left out.
  public static func render(_ report: AuditReport, color: Bool = false, columns: Int = 120) -> String {
    let isNarrow = columns < 110
    let width = isNarrow ? 80 : 120
    func paragraph(_ text: String) -> [String] { ("  " + printable(text)).wrapped(width, indent: 4) }
    let words = ReportWords(report: report)
    let ink = Ink(isOn: color)
    var lines = [ink.verdict(report.verdict)] + paragraph(words.verdict) + paragraph(words.subject)
    if !report.plan.identity.request.isEmpty {
      lines += paragraph("asked for: \(report.plan.identity.request)")
    }
    lines += ["", "end to end"] + lengths(report, ink, isNarrow)
    lines += ["", "percentiles with 95% intervals"] + percentiles(report, isNarrow)
    if let reference = report.referenceLength {
      lines += ["", "op by op at \(reference) tokens"] + tree(report, words, isNarrow)
    }
    if !report.residualSources.isEmpty {
      lines += ["", "where the residual comes from"] + sources(report)
      if let sentence = words.residual { lines += paragraph(sentence) }
    }
    if !report.plan.arena.slots.isEmpty {
      lines += ["", "memory"] + paragraph(ArenaChart(report: report).sentence)
    }
    if report.halting != nil { lines += ["", "halting"] + words.halting.flatMap(paragraph) }
    if report.accuracy != nil {
      lines += ["", "accuracy"] + words.accuracy.flatMap(paragraph) + flips(report)
    }
    lines += ["", "machine"] + paragraph(words.noise)
    let name = report.environment.map(\.name.count).max() ?? 0
    for fact in report.environment {
      lines += printable("  " + pad(fact.name, name) + "  " + fact.value).wrapped(width, indent: name + 4)
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func lengths(_ report: AuditReport, _ ink: Ink, _ isNarrow: Bool) -> [String] {
    var table = TextTable(
      headings: [
        "tokens", "predicted", "p50", "residual", "interval", isNarrow ? "" : "tokens leaving the layers",
      ],
      leftAligned: [4, 5])
    for length in report.lengths {
      table.add(
        [
          "\(length.tokens)", "~" + NumberText.time(length.predicted), NumberText.time(length.measured.p50),
          NumberText.signedPercent(length.residual), length.intervalHit ? "hit" : "missed",
          isNarrow ? "" : length.keepCounts.dropFirst().map(String.init).joined(separator: " "),
        ], ink: residualInk(length.residual, report, ink))
    }
    return table.lines()
  }

  /// On a narrow terminal without p90 and p99.9.
  private static func percentiles(_ report: AuditReport, _ isNarrow: Bool) -> [String] {
    let shown = Percentile.allCases.filter { !isNarrow || $0 == .p50 || $0 == .p99 }
    var table = TextTable(headings: ["tokens", "runs"] + shown.flatMap { [$0.name, ""] }, leftAligned: [])
    for length in report.lengths {
      table.add(
        ["\(length.tokens)", "\(length.measured.runs)"]
          + shown.flatMap { [NumberText.time(length.measured[$0].time), length.measured[$0].intervalText] })
    }
    return table.lines()
  }

  private static func tree(_ report: AuditReport, _ words: ReportWords, _ isNarrow: Bool) -> [String] {
    func kernel(_ id: KernelID?) -> String {
      isNarrow ? "" : id.map { $0.name ?? "kernel \($0.rawValue)" } ?? ""
    }
    var table = TextTable(
      headings: ["", "predicted", "measured", "residual", isNarrow ? "" : "kernel"], leftAligned: [0, 4])
    for (place, layer) in report.layers.enumerated() {
      let isLast = place == report.layers.count - 1
      table.add(
        [
          (isLast ? "└ " : "├ ")
            + "\(words.layerName(layer.layer)) → \(NumberText.count(layer.tokens, "token"))",
          "~" + NumberText.time(layer.predicted), NumberText.time(layer.measured),
          NumberText.signedPercent(layer.residual), "",
        ])
      let ops = report.ops.filter { $0.layer == layer.layer }
      for (number, op) in ops.enumerated() {
        table.add(
          [
            (isLast ? "  " : "│ ") + (number == ops.count - 1 ? "└ " : "├ ") + op.label,
            "~" + NumberText.time(op.predicted), NumberText.time(op.measured),
            NumberText.signedPercent(op.residual), kernel(op.kernel),
          ])
      }
    }
    table.add(
      [
        "all ops", "~" + NumberText.time(report.layers.reduce(.zero) { $0 + $1.predicted }),
        NumberText.time(report.layers.reduce(.zero) { $0 + $1.measured }), "", "",
      ])
    return table.lines()
  }

  private static func sources(_ report: AuditReport) -> [String] {
    var table = TextTable(
      headings: ["", "predicted", "measured", "difference", "of the whole"], leftAligned: [0])
    let whole = Double(max(1, report.residualSources.reduce(UInt64(0)) { $0 + $1.predicted.rawValue }))
    for source in report.residualSources {
      let size = NumberText.time(Nanoseconds(UInt64(abs(source.difference))))
      table.add([
        source.name, "~" + NumberText.time(source.predicted), NumberText.time(source.measured),
        (source.difference < 0 ? "−" : "+") + size, NumberText.signedPercent(source.difference / whole),
      ])
    }
    return table.lines()
  }

  private static func flips(_ report: AuditReport) -> [String] {
    guard let accuracy = report.accuracy, !accuracy.flips.isEmpty else { return [] }
    var lines = ["  \(NumberText.count(accuracy.flipCount, "answer")) changed:"]
    for flip in accuracy.flips {
      lines.append(
        printable(
          "    #\(flip.index): \(flip.dense) → \(flip.planned) (\(NumberText.fixed(flip.score, 2)))"
            + (flip.expected.map { ", right is \($0)" } ?? "")))
    }
    if accuracy.flipCount > accuracy.flips.count {
      lines.append("    and \(accuracy.flipCount - accuracy.flips.count) more")
    }
    return lines
  }

  private static func residualInk(_ residual: Double?, _ report: AuditReport, _ ink: Ink) -> (String) ->
    String
  {
    let isOutside = abs(residual ?? .infinity) > report.tolerance
    return { isOutside ? ink.red($0) : $0 }
  }

  /// Text from files, without control characters that a terminal would obey.
  private static func printable(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
      result.append(isControl ? "\u{FFFD}" : scalar)
    }
    return String(result)
  }

  private static func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
