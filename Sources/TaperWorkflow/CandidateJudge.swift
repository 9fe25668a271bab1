internal import Glibc
internal import TaperAuditor
internal import TaperHeadFitting
internal import TaperModelSpec
internal import TaperPlanFormat
internal import TaperPlanRuntime
internal import TaperPlanner

/// What a candidate of a method search is worth.
///
/// With labelled texts: a head is fitted to the candidate's features and measured on the fifth of the texts that was
/// held out; a candidate that halts keeps its heads, which were trained together, and answers the same held-out texts.
/// Without: the candidate answers the calibration's texts with the model's own heads and is judged by their labels
/// where those are the head's, else by agreement with the dense model.
struct CandidateJudge {
  let compiler: PlanCompiler
  /// Nil: the calibration's texts judge.
  let labelled: [TokenizedSample]?
  let maximumLength: Int
  let measure: AnswerMeasure
  /// The answers that candidates without labels are compared with: the same for all that halt, and for all others.
  private var references: [ReferenceKey: [[Float]]] = [:]

  private struct ReferenceKey: Hashable {
    var texts: Int
    var halts: Bool
  }

  init(
    compiler: PlanCompiler, labelled: [TokenizedSample]?, maximumLength: Int, by measure: AnswerMeasure
  ) {
    self.compiler = compiler
    self.labelled = labelled
    self.maximumLength = maximumLength
    self.measure = measure
  }

  /// Texts there are to judge on.
  var texts: Int {
    labelled?.count ?? compiler.calibration.map { PlanCompiler.samples(of: $0, upTo: maximumLength).count }
      ?? 0
  }

  /// - Parameter texts: drawn from all with a fixed seed.
  mutating func score(
    _ request: PlanningRequest, texts: Int, progress: PlanExecution.Progress = { _, _ in }
  ) throws -> SearchTrial.Score? {
    guard let labelled else { return try calibrated(request, texts, progress) }
    let subset = SeededSubset.elements(of: labelled, limit: texts, seed: 1)
    return try request.halting != nil ? halted(request, subset) : refitted(request, subset)
  }

  private func refitted(_ request: PlanningRequest, _ samples: [TokenizedSample]) throws
    -> SearchTrial.Score?
  {
    let targets = try HeadTargets(of: samples, like: compiler.model.head.textLabels)
    let request = try compiler.fittingLens(request) { _, _ in }
    let reduced = try compiler.reduced(request, samples, targets) { _, _ in }
    let heldOut = targets.heldOut
    let head = try targets.fit(features: reduced.features, width: reduced.width)
    return HeldOutFigure(head.report, of: targets, by: measure).map {
      priced($0.score, reduced.planned, heldOut.isEmpty ? reduced.runs : heldOut.map { reduced.runs[$0] })
    }
  }

  private func halted(_ request: PlanningRequest, _ samples: [TokenizedSample]) throws -> SearchTrial.Score? {
    let planned = try compiler.plan(request)
    return try score(planned, AuditSample.heldOut(of: samples, for: planned.plan))
  }

  private mutating func calibrated(
    _ request: PlanningRequest, _ texts: Int, _ progress: PlanExecution.Progress
  ) throws -> SearchTrial.Score? {
    guard let calibration = compiler.calibration else { return nil }
    let planned = try compiler.plan(request)
    var samples = AuditSample.calibrated(calibration, for: planned.plan, withLabels: true)
    samples = SeededSubset.elements(of: samples, limit: texts, seed: 1)
    if samples.contains(where: { $0.label == nil && $0.value == nil }) {
      let key = ReferenceKey(texts: samples.count, halts: planned.plan.halting != nil)
      let known =
        try references[key]
        ?? compiler.references(
          of: samples, stored: samples.map { $0.reference ?? [] }, for: planned.plan)
      references[key] = known
      for (place, reference) in known.enumerated() { samples[place].reference = reference }
    }
    return try score(planned, samples, progress)
  }

  /// The plan's answers, judged.
  private func score(
    _ planned: PlannedModel, _ samples: [AuditSample], _ progress: PlanExecution.Progress = { _, _ in }
  ) throws -> SearchTrial.Score? {
    let runs = try PlanExecution(LoadedPlan(planned)).runs(of: samples, progress: progress)
    let head = planned.plan.head
    guard let accuracy = AnswerJudge.judge(samples, runs.map(\.result), head, by: measure),
      let metric = accuracy.value
    else { return nil }
    let loss =
      head.kind == .classification ? Self.loss(samples, runs.map(\.result), head) : 1 - metric
    return priced(
      SearchTrial.Score(metric: metric, interval: accuracy.interval, loss: loss, heldOut: accuracy.count),
      planned, runs)
  }

  private func priced(_ score: SearchTrial.Score, _ planned: PlannedModel, _ runs: [TextRun])
    -> SearchTrial.Score
  {
    var score = score
    score.expected = ExpectedTime(planned.predictedTimes(of: runs.map { ($0.keptTokens, $0.depth) })).mean
    score.worst = planned.plan.predictions.lengths.last?.planned.time ?? .zero
    return score
  }

  /// Mean negative log-likelihood of the right classes, or the dense model's.
  private static func loss(_ samples: [AuditSample], _ answers: [[Float]], _ head: Head) -> Double {
    var sum = 0.0
    for (sample, answer) in zip(samples, answers) {
      let right = sample.label ?? sample.reference?.leader ?? 0
      sum -= log(max(1e-9, answer.indices.contains(right) ? Double(answer[right]) : 0))
    }
    return sum / Double(max(1, samples.count))
  }
}
