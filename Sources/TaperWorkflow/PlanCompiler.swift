public import TaperCalibration
public import TaperCostModel
public import TaperHeadFitting
public import TaperModelSpec
internal import TaperPlanFormat
internal import TaperPlanRuntime
public import TaperPlanner
internal import TaperTokenization

/// From a request to a plan ready to write: planned, its head refitted, its accuracy measured and gated, canaries inside.
///
/// Refitting (methods, "Restore and refit"): the schedule is planned with a head of the right shape but no content, the
/// reduced encoder is run over the labelled texts, the head is fitted to its features, and the same schedule is emitted
/// again with the fitted head. The dense encoder's features are fitted on the same split for comparison, so both figures
/// stand on texts neither head has seen.
public struct PlanCompiler {
  /// What came out, with the evidence.
  public struct Outcome: Sendable {
    public var planned: PlannedModel
    public var accuracy: AccuracyComparison?
    public var head: LinearHead?
  }

  public typealias Progress = (_ stage: String, _ done: Int, _ total: Int) -> Void

  /// What single precision alone may cost a mean cosine: another kernel's order of summation is no loss of accuracy.
  private static let rounding = 1e-6

  let model: ModelSpec
  let calibration: Calibration?
  let cost: CostModel

  public init(model: ModelSpec, calibration: Calibration?, cost: CostModel) {
    self.model = model
    self.calibration = calibration
    self.cost = cost
  }

  /// - Parameters:
  ///   - refit: labelled samples to refit the head on; nil keeps the model's head.
  ///   - searchingDecay: whether to choose the elimination profile's decay by held-out accuracy; needs `refit`.
  ///   - maximumDrop: share of accuracy (or agreement) the plan may lose; nil measures nothing but what it needs.
  /// - Throws: the planner's, the runtime's and the fitting's errors; `WorkflowError.accuracyGateFailed`.
  public func compile(
    _ request: PlanningRequest, refit: [TokenizedSample]?, searchingDecay: Bool = false, maximumDrop: Double?,
    progress: Progress
  ) throws -> Outcome {
    var request = request
    if searchingDecay, let refit { request.decay = try bestDecay(request, refit, progress: progress) }
    var outcome: Outcome
    if let refit {
      outcome = try refitted(request, refit, comparingDense: maximumDrop != nil, progress: progress)
    } else {
      outcome = Outcome(planned: try plan(request))
    }
    let loaded = try LoadedPlan(outcome.planned)
    if refit == nil, maximumDrop != nil {
      guard let calibration else { throw WorkflowError.gateNeedsEvidence }
      outcome.accuracy = try agreement(of: loaded, with: calibration, progress: progress)
    }
    if let accuracy = outcome.accuracy, let maximumDrop, accuracy.drop > maximumDrop + Self.rounding {
      throw WorkflowError.accuracyGateFailed(accuracy, allowed: maximumDrop)
    }
    outcome.planned = outcome.planned.withCanaries(
      try canaries(of: loaded, maximumLength: request.maximumLength))
    return outcome
  }

  /// Decays that are tried beside the calibration's: from keeping alike in every layer to dropping late and steeply.
  private static let decays = [0.1, 0.2, 0.35, 0.5, 0.75, 1.0]
  /// Labelled texts a candidate is judged on, at most.
  private static let searchTexts = 1_500

  /// The decay whose plan, with its head refitted, has the best held-out accuracy on a seeded subset; the calibration's
  /// own (nil) when none is better. Every candidate meets the same target, so they are compared at equal predicted time.
  private func bestDecay(
    _ request: PlanningRequest, _ samples: [TokenizedSample], progress: Progress
  ) throws -> Double? {
    let subset = SeededSubset.indices(count: samples.count, limit: Self.searchTexts, seed: 1).map {
      samples[$0]
    }
    let candidates: [Double?] = [nil] + Self.decays
    var best: (decay: Double?, value: Double) = (nil, -.infinity)
    for (place, decay) in candidates.enumerated() {
      var candidate = request
      candidate.decay = decay
      let head = try refitted(candidate, subset, comparingDense: false) { _, done, total in
        progress(
          "elimination profile \(place + 1) of \(candidates.count)", place * total + done,
          candidates.count * total)
      }.head
      if let value = head?.report.heldOut?.value, value > best.value { best = (decay, value) }
    }
    return best.decay
  }

  private func plan(_ request: PlanningRequest) throws(PlanningError) -> PlannedModel {
    try Planner.plan(request, model: model, calibration: calibration, cost: cost)
  }

  private func refitted(
    _ request: PlanningRequest, _ samples: [TokenizedSample], comparingDense: Bool, progress: Progress
  ) throws -> Outcome {
    let targets = try HeadTargets(of: samples)
    let width = Int(model.shape.hidden)
    var request = request
    request.headOverride = HeadOverride(
      kind: targets.kind, weight: [Float](repeating: 0, count: targets.outputs * width),
      bias: [Float](repeating: 0, count: targets.outputs), labels: targets.labels)
    request.fixedSchedule = try plan(request).plan.schedule

    let reduced = try features(request, samples) { progress("features of the reduced encoder", $0, $1) }
    let head = try targets.fit(features: reduced, width: width)
    var accuracy: AccuracyComparison?
    if comparingDense, let planned = head.report.heldOut {
      var dense = request
      dense.fixedSchedule = .dense(maximumLength: request.maximumLength, layerCount: Int(model.shape.layers))
      let features = try features(dense, samples) { progress("features of the dense encoder", $0, $1) }
      if let reference = try targets.fit(features: features, width: width).report.heldOut {
        accuracy = AccuracyComparison(
          metric: planned.metric, dense: reference.value, planned: planned.value,
          count: head.report.heldOutExamples)
      }
    }
    request.headOverride?.weight = head.weight
    request.headOverride?.bias = head.bias
    return Outcome(planned: try plan(request), accuracy: accuracy, head: head)
  }

  private func features(
    _ request: PlanningRequest, _ samples: [TokenizedSample], progress: PlanExecution.Progress
  ) throws -> [Float] {
    var request = request
    request.instrumentation = .features
    return try Workbench.features(PlanExecution(LoadedPlan(plan(request))), samples, progress: progress)
  }

  /// Agreement with the dense model's reference outputs on the calibration texts: the share of equal labels, or the mean
  /// cosine of embeddings. The dense model agrees with itself.
  private func agreement(
    of loaded: LoadedPlan, with calibration: Calibration, progress: Progress
  ) throws -> AccuracyComparison {
    let samples = calibration.samples.map { TokenizedSample(ids: $0.ids, typeIDs: $0.typeIDs) }
      .filter { $0.ids.count <= loaded.plan.schedule.maximumLength }
    let references = calibration.samples.filter { $0.ids.count <= loaded.plan.schedule.maximumLength }.map(
      \.reference)
    let results = try PlanExecution(loaded).results(of: samples) {
      progress("agreement with the dense model", $0, $1)
    }
    let total = zip(results, references).reduce(0) { total, pair in
      total + Self.agreement(pair.0, pair.1, kind: loaded.plan.head.kind)
    }
    return AccuracyComparison(
      metric: .agreement, dense: 1, planned: total / Double(max(1, results.count)), count: results.count)
  }

  private static func agreement(_ result: [Float], _ reference: [Float], kind: HeadKind) -> Double {
    func largest(_ values: [Float]) -> Int { values.indices.max { values[$0] < values[$1] } ?? 0 }
    switch kind {
    case .classification: return largest(result) == largest(reference) ? 1 : 0
    case .multiLabel: return zip(result, reference).allSatisfy { ($0 >= 0.5) == ($1 >= 0.5) } ? 1 : 0
    case .embedding, .regression:
      var product = 0.0
      var norms = (0.0, 0.0)
      for (a, b) in zip(result, reference) {
        product += Double(a) * Double(b)
        norms.0 += Double(a) * Double(a)
        norms.1 += Double(b) * Double(b)
      }
      return norms.0 * norms.1 > 0 ? product / (norms.0 * norms.1).squareRoot() : 0
    }
  }

  /// Two fixed sentences and the first calibration texts, with what the plan answers here. The tolerance leaves room for
  /// another instruction-set tier's rounding, which may swap two tokens of nearly equal score.
  private func canaries(of loaded: LoadedPlan, maximumLength: Int) throws -> [Canary] {
    let sentences = [
      "The quick brown fox jumps over the lazy dog.",
      "Oil prices rose 3.5 pct on Tuesday after the producers' meeting in Vienna, traders said.",
    ]
    var samples = sentences.map { sentence in
      let encoding = model.tokenizer.encode(sentence, maximumLength: maximumLength)
      return TokenizedSample(ids: encoding.ids, typeIDs: [])
    }
    samples += (calibration?.samples ?? []).prefix(2).filter { $0.ids.count <= maximumLength }
      .map { TokenizedSample(ids: $0.ids, typeIDs: $0.typeIDs) }
    let results = try PlanExecution(loaded).results(of: samples)
    return zip(samples, results).map { sample, result in
      Canary(ids: sample.ids, typeIDs: sample.typeIDs, expected: result, tolerance: 0.01)
    }
  }
}
