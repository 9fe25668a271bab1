import TaperBase

/// A plan's accuracy in one line.
package enum EvidenceText {
  /// "accuracy 96.12% (95%: 95.22% to 96.85%) on 2189 held-out texts, dense 96.71%". The dense model's agreement with
  /// itself is left out. For embeddings agreement is a cosine.
  package static func line(_ evidence: AccuracyEvidence, head: HeadKind) -> String {
    let isCosine = evidence.metric == .agreement && (head == .embedding || head == .regression)
    let decimals = isCosine ? 4 : evidence.metric == .matthews || evidence.metric == .spearman ? 3 : nil
    func share(_ value: Float) -> String {
      decimals.map { NumberText.fixed(Double(value), $0) } ?? NumberText.percent(Double(value), 2)
    }
    let name =
      evidence.metric == .agreement
      ? (isCosine ? "mean cosine" : "agreement") + " with the dense model"
      : self.name(evidence.metric, positive: evidence.positive)
    var text = "\(name) \(share(evidence.planned))"
    if let interval = evidence.interval {
      text += " (95%: \(share(interval.low)) to \(share(interval.high)))"
    }
    text += " on \(evidence.texts) \(evidence.source.name) texts"
    if evidence.metric != .agreement, let dense = evidence.dense { text += ", dense \(share(dense))" }
    return text
  }

  /// "F1 of spam"
  package static func name(_ metric: AccuracyEvidence.Metric, positive: String?) -> String {
    switch metric {
    case .accuracy, .agreement, .determination: metric.name
    case .matthews: "Matthews correlation"
    case .f1: "F1" + (positive.map { " of \($0)" } ?? "")
    case .spearman: "Spearman correlation"
    }
  }
}
