public import TaperAuditor
public import TaperPlanFormat

extension AnswerMeasure.Name {
  /// As a plan stores it.
  var evidence: AccuracyEvidence.Metric {
    switch self {
    case .accuracy: .accuracy
    case .matthews: .matthews
    case .f1: .f1
    case .spearman: .spearman
    }
  }
}

extension AnswerMeasure {
  /// That of a plan's evidence; the natural one of evidence without right answers, and without any.
  public init(of evidence: AccuracyEvidence?) {
    self.init(evidence.flatMap { Name(rawValue: $0.metric.name) }, positive: evidence?.positive)
  }

  /// - Parameters:
  ///   - labels: the head's, in output order.
  ///   - readsPairs: whether the two texts of a pair are run each alone, so that an embedder's cosines are known.
  /// - Throws: `metricUnfit` when such a head's answers have no such metric, `positiveUnknown`.
  public func check(_ head: HeadKind, labels: [String], readsPairs: Bool = false) throws(WorkflowError) {
    let fits =
      switch name {
      case nil: true
      case .accuracy: head == .classification || head == .multiLabel
      case .matthews, .f1: head == .classification && labels.count > 1
      case .spearman: head == .regression || head == .embedding && readsPairs
      }
    guard fits else { throw .metricUnfit(self, head: head) }
    if let positive, !labels.contains(positive) { throw .positiveUnknown(labels: labels, found: positive) }
  }
}
