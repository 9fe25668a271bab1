import TaperBase

/// A plan as complete and stable text, for reading and for diffs. Golden files are compared as this text.
///
/// Every fact, op, slot and tensor has a line. Tables over input lengths become ranges of lengths with equal rows.
/// Digests are shortened to 16 hexadecimal digits; the tokenizer's bytes and the canaries are shown by their digests.
public enum PlanText {
  public static func render(_ plan: Plan) -> String {
    var text = "taper plan, format \(plan.formatVersion.description)\n"
    render(plan.identity, &text)
    render(plan.model, &text)
    render(plan.head, tokenizer: plan.tokenizer, &text)
    if !plan.prompts.isEmpty { render(plan.prompts, &text) }
    if plan.leavesPromptOut { text += "\nthe prompt is not pooled\n" }
    if let interaction = plan.interaction { render(interaction, &text) }
    render(plan.schedule, &text)
    renderOps(plan, &text)
    renderArena(plan, &text)
    renderPredictions(plan, &text)
    if let expectations = plan.expectations { render(expectations, plan, &text) }
    if let halting = plan.halting { render(halting, plan, &text) }
    renderCanaries(plan.canaries, &text)
    if let evidence = plan.evidence { render(evidence, &text) }
    render(plan.weights, &text)
    return text
  }

  private static func render(_ identity: PlanIdentity, _ text: inout String) {
    text += "\nidentity\n"
    line("model", identity.modelName, &text)
    line("family", identity.family, &text)
    line("tool version", identity.toolVersion, &text)
    line("request", identity.request, &text)
    line("method", identity.method, &text)
    line("precision", identity.precision, &text)
    line("device", identity.deviceName, &text)
    if !identity.tier.isEmpty { line("tier", identity.tier, &text) }
    line("threads", "\(identity.threads)", &text)
    line("passes", joined(identity.passes, " "), &text)
    line("model digest", identity.modelDigest.shortHex, &text)
    line("tokenizer digest", identity.tokenizerDigest.shortHex, &text)
    line("calibration digest", identity.calibrationDigest.shortHex, &text)
    line("profile digest", identity.profileDigest.shortHex, &text)
  }

  private static func render(_ model: ModelShape, _ text: inout String) {
    text += "\nmodel\n"
    line("hidden", "\(model.hidden)", &text)
    line("layers", "\(model.layers)", &text)
    line("heads", "\(model.heads)", &text)
    line("feed forward", "\(model.feedForward)", &text)
    line("vocabulary", "\(model.vocabulary)", &text)
    line("token types", "\(model.tokenTypes)", &text)
  }

  private static func render(_ head: Head, tokenizer: [UInt8], _ text: inout String) {
    text += "\nhead\n"
    line("kind", head.kind.name, &text)
    line("pooling", head.pooling.name, &text)
    line("normalized", head.normalized ? "yes" : "no", &text)
    line("outputs", "\(head.outputWidth)", &text)
    for (number, label) in head.labels.enumerated() { line("label \(number)", label, &text) }
    line("tokenizer", "\(tokenizer.count) bytes, \(SHA256.digest(of: tokenizer).shortHex)", &text)
  }

  private static func render(_ interaction: LateInteraction, _ text: inout String) {
    text += "\nlate interaction\n"
    line("query prompt", interaction.queryPrompt.map(escaped) ?? "default", &text)
    line(
      "query expansion",
      interaction.expansion.map {
        "to \($0.length) by \($0.token), \($0.isFixed ? "fixed" : "at least"), \($0.isAttended ? "attended" : "hidden")"
      } ?? "none", &text)
    line("longest query", "\(interaction.queryLength)", &text)
    line("longest document", "\(interaction.documentLength)", &text)
    line("skipped", interaction.skippedIDs.map(String.init).joined(separator: " "), &text)
    line("skipped in queries", interaction.skipsInQueries ? "yes" : "no", &text)
    line("skipped in documents", interaction.skipsInDocuments ? "yes" : "no", &text)
  }

  private static func render(_ prompts: Prompts, _ text: inout String) {
    text += "\nprompts\n"
    for prompt in prompts.all {
      line(
        escaped(prompt.name) + (prompt.name == prompts.defaultName ? " (default)" : ""), prompt.text, &text)
    }
  }

  private static func render(_ schedule: Schedule, _ text: inout String) {
    text += "\nschedule\n"
    line("maximum length", "\(schedule.maximumLength) tokens", &text)
    line("restores dropped tokens", schedule.restoresDroppedTokens ? "yes" : "no", &text)
    guard schedule.maximumLength >= 1 else { return }
    // Rows in which nothing is dropped are written as "dense", so that such lengths join.
    func row(_ length: Int) -> String {
      let counts = schedule.retentionConfiguration(length: length)
      guard let last = counts.last, Int(last) < length else { return "dense" }
      var words: [String] = []
      for count in counts.dropFirst() { words.append("\(count)") }
      return joined(words, " ")
    }
    ranges(1...schedule.maximumLength, row) { first, last, row in
      line(first == last ? "\(first)" : "\(first)…\(last)", row, &text)
    }
  }

  static func renderCanaries(_ canaries: [Canary], _ text: inout String) {
    text += "\ncanaries\n"
    for (number, canary) in canaries.enumerated() {
      var writer = ByteWriter()
      PlanCodec.write([canary], to: &writer)
      line(
        "canary \(number)",
        "\(canary.ids.count) tokens, tolerance \(canary.tolerance), \(SHA256.digest(of: writer.bytes).shortHex)",
        &text)
    }
  }

  private static func render(_ index: WeightsIndex, _ text: inout String) {
    text += "\nweights\n"
    line("place", index.isEmbedded ? "in the plan" : WeightsFile.name(for: index.digest), &text)
    line("bytes", "\(index.byteCount.rawValue)", &text)
    line("digest", index.digest.shortHex, &text)
    for (number, entry) in index.entries.enumerated() {
      var extents: [String] = []
      for extent in entry.shape { extents.append("\(extent)") }
      text +=
        "  w\(number) \(escaped(entry.name)) \(entry.element.name)[\(joined(extents, "×"))] \(entry.layout.name)"
      text += " at \(entry.offset.rawValue), \(entry.byteCount.rawValue) bytes\n"
    }
  }

  // MARK: Words and lines

  static func line(_ name: String, _ value: String, _ text: inout String) {
    text += value.isEmpty ? "  \(name):\n" : "  \(name): \(escaped(value))\n"
  }

  /// Writes control characters and backslashes as \u{…}, so that a name cannot look like a line of its own.
  static func escaped(_ value: String) -> String {
    guard value.utf8.contains(where: { $0 < 0x20 || $0 == 0x5C || $0 == 0x7F }) else { return value }
    var text = ""
    for scalar in value.unicodeScalars {
      if scalar.value < 0x20 || scalar.value == 0x5C || scalar.value == 0x7F {
        text += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
    return text
  }

  static func joined(_ words: [String], _ separator: String) -> String {
    var text = ""
    for (number, word) in words.enumerated() {
      if number > 0 { text += separator }
      text += word
    }
    return text
  }

  /// Calls `body` for every maximal run of neighbouring lengths with the same row.
  static func ranges(_ lengths: ClosedRange<Int>, _ row: (Int) -> String, _ body: (Int, Int, String) -> Void)
  {
    var first = lengths.lowerBound
    var current = row(first)
    for length in lengths.dropFirst() {
      let next = row(length)
      if Array(next.utf8) != Array(current.utf8) {
        body(first, length - 1, current)
        first = length
        current = next
      }
    }
    body(first, lengths.upperBound, current)
  }
}
