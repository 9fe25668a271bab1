extension PlanText {
  static func render(_ expectations: Expectations, _ plan: Plan, _ text: inout String) {
    text += "\nexpectations\n"
    line("texts", "\(expectations.texts)", &text)
    line("overall", describe(expectations.overall), &text)
    for (layer, share) in expectations.cappedShares.enumerated() where share > 0 {
      line("capped after layer \(layer + 1)", "\(share)", &text)
    }
    guard !expectations.lengths.isEmpty,
      expectations.keptTokens.count == expectations.lengths.count * expectations.cappedShares.count
    else { return }
    func row(_ length: Int) -> String {
      var kept: [String] = []
      for tokens in expectations.keptTokens(length: length) { kept.append("\(tokens)") }
      return "\(describe(expectations.lengths[length - 1])), kept \(joined(kept, " "))"
    }
    ranges(1...expectations.lengths.count, row) { first, last, row in
      line(first == last ? "\(first) tokens" : "\(first)…\(last) tokens", row, &text)
    }
  }

  static func describe(_ time: ExpectedTime) -> String {
    "~\(time.mean.rawValue) ns mean, \(time.p50.rawValue) p50, \(time.p90.rawValue) p90, \(time.p99.rawValue) p99"
  }
}
