public import TaperAuditor
import TaperPlanFormat

/// A report as one self-contained page: no scripts, no requests, charts as inline SVG, and the report's JSON
/// inside.
///
/// What matters comes first: the verdict, key figures, latency by length, then where the time goes, what was
/// dropped, what it did to the answers, and the machine.
public enum HTMLRenderer {
  public static func render(_ report: AuditReport) -> String {
    let words = ReportWords(report: report)
    var body = "<h1>Audit of \(Markup.escape(report.plan.identity.modelName))</h1>\n"
    body +=
      "<div class=\"verdict \(report.verdict.rawValue)\"><b>\(mark(report.verdict)) \(report.verdict.rawValue)</b>"
    body += "<p>\(Markup.escape(words.verdict))</p></div>\n"
    body += "<p class=\"soft\">\(Markup.escape(words.subject))"
    if !report.plan.identity.request.isEmpty {
      body += "<br>asked for <code>\(Markup.escape(report.plan.identity.request))</code>"
    }
    body += "</p>\n" + tiles(report, words) + scatter(report) + latency(report)
    body +=
      residual(report, words) + operations(report) + roofline(report) + keepCounts(report) + memory(report)
    if report.halting != nil {
      body += "<h2>Halting</h2>\n<p>\(Markup.escape(words.halting.joined(separator: " ")))</p>\n"
    }
    body += accuracy(report, words) + machine(report, words)
    return Markup.page(
      title: "\(report.verdict.rawValue): audit of \(report.plan.identity.modelName)", body: body,
      dataName: "audit",
      data: JSONRenderer.render(report, pretty: false))
  }

  /// A sign beside the word, for readers to whom the colours look alike.
  private static func mark(_ verdict: AuditVerdict) -> String {
    switch verdict {
    case .within: "✓"
    case .outside: "✗"
    case .noisy: "≈"
    }
  }

  private static func tiles(_ report: AuditReport, _ words: ReportWords) -> String {
    var tiles: [(String, String, String)] = []
    if let worst = report.worstLength {
      tiles.append(("Worst residual", NumberText.signedPercent(worst.residual), "at \(worst.tokens) tokens"))
    }
    if let longest = report.lengths.last {
      tiles.append(
        (
          "Measured p50 at \(longest.tokens) tokens", NumberText.time(longest.measured.p50),
          "predicted ~\(NumberText.time(longest.predicted))"
        ))
      if longest.predicted != .zero, longest.predictedDense != longest.predicted {
        let speedup = Double(longest.predictedDense.rawValue) / Double(longest.predicted.rawValue)
        tiles.append(
          ("Predicted speedup over dense", NumberText.fixed(speedup, 2) + "×", "at \(longest.tokens) tokens"))
      }
    }
    if let accuracy = report.accuracy {
      if let planned = accuracy.planned {
        tiles.append(
          (
            words.metricName(accuracy.metric), words.share(planned),
            accuracy.dense.map { "dense \(words.share($0))" } ?? NumberText.count(accuracy.count, "text")
          ))
      } else if let agreement = accuracy.agreement {
        tiles.append(
          (
            words.metricName(accuracy.metric), words.share(agreement),
            NumberText.count(accuracy.count, "text")
          ))
      }
    }
    tiles.append(
      (
        "Machine noise", NumberText.percent(report.noise.spread),
        "bound \(NumberText.percent(report.noise.bound, 0))"
      ))
    let items = tiles.map {
      "<div><dt>\(Markup.escape($0.0))</dt><dd>\(Markup.escape($0.1))<small>\(Markup.escape($0.2))</small></dd></div>"
    }
    return "<dl class=\"tiles\">\(items.joined())</dl>\n"
  }

  private static func latency(_ report: AuditReport) -> String {
    let isReduced = report.lengths.contains { $0.predictedDense != $0.predicted }
    var html =
      "<h2>Latency by input length</h2>\n<div class=\"legend\"><span><i class=\"measured\"></i>measured p50, whisker to p90</span>"
    html +=
      "<span><i class=\"predicted\"></i>predicted</span><span><i class=\"interval\"></i>prediction interval</span>"
    if isReduced { html += "<span><i class=\"dense\"></i>dense plan, predicted</span>" }
    html += "</div>\n<figure>\(LatencyChart(report: report).render())</figure>\n"
    html +=
      "<div class=\"scroll\"><table><thead><tr><th>tokens</th><th>predicted</th><th>p50</th><th class=\"opt\">p90</th>"
    html +=
      "<th>p99</th><th class=\"opt\">p99.9</th><th>residual</th><th class=\"opt\">interval</th><th class=\"opt\">runs</th></tr></thead>\n<tbody>\n"
    for length in report.lengths {
      let isOutside = abs(length.residual ?? .infinity) > report.tolerance
      html += "<tr><td>\(length.tokens)</td><td>~\(NumberText.time(length.predicted))</td>"
      for percentile in Percentile.allCases {
        let estimate = length.measured[percentile]
        html += percentile == .p50 || percentile == .p99 ? "<td>" : "<td class=\"opt\">"
        html += "\(NumberText.time(estimate.time))<small>\(estimate.intervalText)</small></td>"
      }
      html += "<td\(isOutside ? " class=\"bad\"" : "")>\(NumberText.signedPercent(length.residual))</td>"
      html += "<td class=\"opt\">\(length.intervalHit ? "hit" : "missed")</td>"
      html += "<td class=\"opt\">\(length.measured.runs)</td></tr>\n"
    }
    return html
      + "</tbody></table></div>\n<p class=\"soft opt\">Below each percentile its 95% interval; a question mark: too few "
      + "runs to say.</p>\n"
  }

  private static func operations(_ report: AuditReport) -> String {
    guard let reference = report.referenceLength, !report.ops.isEmpty else { return "" }
    let predicted = report.layers.reduce(Nanoseconds.zero) { $0 + $1.predicted }
    let measured = report.layers.reduce(Nanoseconds.zero) { $0 + $1.measured }
    return "<h2>Where the time goes</h2>\n<p class=\"soft\">Medians of traced runs at \(reference) tokens; "
      + "all ops ~\(NumberText.time(predicted)) predicted, \(NumberText.time(measured)) measured. "
      + "Open a layer to see its ops.</p>\n<div class=\"legend\"><span><i class=\"predicted\"></i>predicted</span>"
      + "<span><i class=\"measured\"></i>measured</span></div>\n" + OpBars(report: report).render()
      + timeline(report)
  }

  private static func scatter(_ report: AuditReport) -> String {
    guard let chart = ResidualScatter(report: report).render() else { return "" }
    return
      "<h2>Predicted and measured</h2>\n<div class=\"legend\"><span><i class=\"measured dot\"></i>input lengths, end to end</span>"
      + (report.ops.isEmpty ? "" : "<span><i class=\"op dot\"></i>ops</span>")
      + "<span><i class=\"interval\"></i>within \(NumberText.percent(report.tolerance, 0))</span></div>\n"
      + "<p class=\"soft\">How far measured is from predicted: above the line is slower. Rings at the edge are further off.</p>\n"
      + "<figure>\(chart)</figure>\n"
  }

  private static func residual(_ report: AuditReport, _ words: ReportWords) -> String {
    guard !report.residualSources.isEmpty else { return "" }
    let sentence = words.residual.map { "<p>\(Markup.escape($0))</p>\n" } ?? ""
    return "<h2>Where the residual comes from</h2>\n\(sentence)"
      + "<p class=\"soft\">Measured less predicted, by what the ops do; to the right is slower than predicted.</p>\n"
      + ResidualBars(report: report).render()
  }

  private static func timeline(_ report: AuditReport) -> String {
    let timeline = OpTimeline(report: report)
    return
      "<h3>One op after the other</h3>\n\(legend(timeline.groups))<figure>\(timeline.render())</figure>\n"
  }

  private static func legend(_ groups: [OpGroup]) -> String {
    let items = groups.map { "<span><i class=\"\(OpTimeline.colour($0))\"></i>\($0.rawValue)</span>" }
    return "<div class=\"legend\">\(items.joined())</div>\n"
  }

  private static func roofline(_ report: AuditReport) -> String {
    guard let chart = RooflineChart(report: report).render() else { return "" }
    let roof =
      report.roof == nil
      ? "No profile of the machine was given, so the roofs are the best that any op reached here."
      : "The roofs are the machine's, from its profile; operands that caches hold may go above the slope."
    return
      "<h2>Roofline</h2>\n<p class=\"soft\">Each op by its work for each byte it moves and its work in a second, as "
      + "measured. \(roof) Rings at the left are ops whose work is not counted.</p>\n"
      + legend(OpTimeline(report: report).groups) + "<figure>\(chart)</figure>\n"
  }

  private static func memory(_ report: AuditReport) -> String {
    guard !report.plan.arena.slots.isEmpty else { return "" }
    let chart = ArenaChart(report: report)
    return
      "<h2>Memory over a run</h2>\n<p>\(Markup.escape(chart.sentence))</p>\n<p class=\"soft\">A box a slot: where it lies, "
      + "and from which op to which it is needed. The line is what is alive.</p>\n<figure>\(chart.render())</figure>\n"
  }

  private static func keepCounts(_ report: AuditReport) -> String {
    let drops = report.lengths.contains { $0.keepCounts.last != $0.keepCounts.first }
    guard drops else {
      return "<h2>Tokens kept</h2>\n<p>Every token is kept in every layer at the audited lengths.</p>\n"
    }
    return "<h2>Tokens kept</h2>\n<p class=\"soft\">Keep counts by layer, one line for each audited length; "
      + "the number at the right is what is left.</p>\n<figure>\(KeepCountChart(report: report).render())</figure>\n"
  }

  private static func accuracy(_ report: AuditReport, _ words: ReportWords) -> String {
    guard let accuracy = report.accuracy else { return "" }
    var html = "<h2>Accuracy</h2>\n<p>\(Markup.escape(words.accuracy.joined(separator: " ")))</p>\n"
    guard !accuracy.flips.isEmpty else { return html }
    let hasTexts = accuracy.flips.contains { $0.text != nil }
    html += "<p class=\"soft\">\(NumberText.count(accuracy.flipCount, "answer")) changed"
    html +=
      accuracy.flipCount > accuracy.flips.count ? "; the first \(accuracy.flips.count):</p>\n" : ":</p>\n"
    html +=
      "<div class=\"scroll\"><table><thead><tr><th>text</th><th class=\"l\">dense</th><th class=\"l\">planned</th>"
    html +=
      "<th>score</th><th class=\"l\">right</th>\(hasTexts ? "<th class=\"l opt\">begins</th>" : "")</tr></thead>\n<tbody>\n"
    for flip in accuracy.flips {
      html += "<tr><td>\(flip.index)</td><td class=\"l\">\(Markup.escape(flip.dense))</td>"
      html += "<td class=\"l\">\(Markup.escape(flip.planned))</td><td>\(NumberText.fixed(flip.score, 2))</td>"
      html += "<td class=\"l\">\(Markup.escape(flip.expected ?? "–"))</td>"
      if hasTexts {
        html += "<td class=\"l opt\"><small>\(Markup.escape(beginning(flip.text ?? "")))</small></td>"
      }
      html += "</tr>\n"
    }
    return html + "</tbody></table></div>\n"
  }

  private static func machine(_ report: AuditReport, _ words: ReportWords) -> String {
    var facts = report.environment.map { ($0.name, $0.value) }
    facts.append(("planned for", report.plan.identity.deviceName))
    facts.append(("arena", NumberText.size(report.plan.arena.byteCount)))
    facts.append(("weights", NumberText.size(report.plan.weights)))
    facts.append(("model digest", report.plan.identity.modelDigest.hex))
    facts.append(("profile digest", report.plan.identity.profileDigest.hex))
    facts.append(("planned with", "taper \(report.plan.identity.toolVersion)"))
    let items = facts.map { "<dt>\(Markup.escape($0.0))</dt><dd>\(Markup.escape($0.1))</dd>\n" }
    return
      "<h2>Machine</h2>\n<p>\(Markup.escape(words.noise))</p>\n<dl class=\"facts\">\n\(items.joined())</dl>\n"
  }

  /// The first 80 characters.
  private static func beginning(_ text: String) -> String {
    text.count <= 80 ? text : String(text.prefix(79)) + "…"
  }
}
