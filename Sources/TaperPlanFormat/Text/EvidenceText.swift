/// What a plan's answers are worth, in a line.
package enum EvidenceText {
  /// "accuracy 96.12% (95%: 95.22% to 96.85%) on 2189 held-out texts, dense 96.71%".
  package static func line(_ evidence: AccuracyEvidence) -> String {
    func share(_ value: Float) -> String { NumberText.percent(Double(value), 2) }
    var text = "\(evidence.metric.name) \(share(evidence.planned))"
    if let interval = evidence.interval {
      text += " (95%: \(share(interval.low)) to \(share(interval.high)))"
    }
    text += " on \(evidence.texts) \(evidence.source.name) texts"
    if let dense = evidence.dense { text += ", dense \(share(dense))" }
    return text
  }
}
