public import TaperAuditor
public import TaperHeadFitting
public import TaperPlanFormat

/// What the texts that fitting a head kept back say of it.
public struct HeldOutFigure: Hashable, Sendable {
  public var metric: AccuracyEvidence.Metric
  /// The label that `f1` is of; nil for another metric.
  public var positive: String?
  public var value: Double
  /// 95%; nil for a metric that has none.
  public var interval: ConfidenceInterval?
  /// Mean negative log-likelihood, or the share of variance left.
  public var loss: Double
  /// Texts.
  public var count: Int

  /// Nil when nothing was held out.
  /// - Precondition: the report is of a head fitted to these targets.
  public init?(_ report: FitReport, of targets: HeadTargets, by measure: AnswerMeasure = .natural) {
    count = report.heldOutExamples
    switch (report.validation, targets) {
    case (.classification(_, let loss), .classes(let classes, let labels)):
      var confusion = Confusion(labels: labels.count)
      for answer in report.heldOutAnswers {
        confusion.add(right: classes[answer.example], answered: answer.label)
      }
      guard let value = measure.value(of: confusion, labels: labels) else { return nil }
      self.value = value
      metric = measure.name?.evidence ?? .accuracy
      positive = measure.positiveLabel(among: labels)
      interval = measure.interval(of: confusion, labels: labels)
      self.loss = loss
    case (.regression(let rSquared, _), .numbers(let numbers)):
      if measure.name == .spearman {
        value = Correlation.spearman(
          report.heldOutValues.map { (Double($0.value), Double(numbers[$0.example])) })
        metric = .spearman
        interval = .rankCorrelation(value, count: count)
      } else {
        value = rSquared
        metric = .determination
      }
      loss = 1 - rSquared
    default: return nil
    }
  }

  /// What a method search ranks candidates by.
  var score: SearchTrial.Score {
    SearchTrial.Score(metric: value, interval: interval, loss: loss, heldOut: count)
  }

  /// As an audit of answers; nil for R², which is none of an audit's metrics.
  var audit: AccuracyAudit? {
    guard let metric = AccuracyAudit.Metric(rawValue: metric.name), let interval else { return nil }
    return AccuracyAudit(
      metric: metric, positive: positive, dense: nil, planned: value, interval: interval, agreement: nil,
      count: count)
  }
}
