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
      switch evidence.metric {
      case .agreement: (isCosine ? "mean cosine" : "agreement") + " with the dense model"
      case .accuracy, .determination: evidence.metric.name
      case .matthews: "Matthews correlation"
      case .f1: "F1" + (evidence.positive.map { " of \($0)" } ?? "")
      case .spearman: "Spearman correlation"
      }
    var text = "\(name) \(share(evidence.planned))"
    if let interval = evidence.interval {
      text += " (95%: \(share(interval.low)) to \(share(interval.high)))"
    }
    text += " on \(evidence.texts) \(evidence.source.name) texts"
    if evidence.metric != .agreement, let dense = evidence.dense { text += ", dense \(share(dense))" }
    return text
  }
}
