extension PlanText {
  static func render(_ evidence: AccuracyEvidence, _ text: inout String) {
    text += "\nevidence\n"
    line("metric", evidence.metric.name, &text)
    if let positive = evidence.positive { line("positive", positive, &text) }
    line("texts", "\(evidence.texts), \(evidence.source.name)", &text)
    line("planned", "\(evidence.planned)", &text)
    if let interval = evidence.interval { line("interval", "\(interval.low) to \(interval.high)", &text) }
    if let dense = evidence.dense { line("dense", "\(dense)", &text) }
  }
}
