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
    /// What method `search` tried, best first; empty for the others.
    public var trials: [SearchTrial] = []
    /// Plans that were thought of before this one, and why they were not taken.
    public var candidates: [PlanCandidate] = []
  }

  /// How method `search` goes about it.
  public struct SearchOptions {
    /// Trials already made, and where new ones are kept; nil keeps none.
    public var cache: SearchCache?
    /// Whether time is up, asked before each trial.
    public var isOver: () -> Bool

    public init(cache: SearchCache? = nil, isOver: @escaping () -> Bool = { false }) {
      self.cache = cache
      self.isOver = isOver
    }
  }

  /// What is being done, and the share of the whole that is done: from 0 to 1, never falling.
  public typealias Progress = (_ stage: String, _ fraction: Double) -> Void

  /// One run over texts: what for, and how many of them are done.
  private typealias RunProgress = (_ stage: String, _ done: Int, _ total: Int) -> Void

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
  ///   - search: how method `search` goes about it; it needs `refit`.
  ///   - gate: what the plan's accuracy must be; one that asks for nothing measures nothing but what it needs.
  /// - Throws: the planner's, the runtime's and the fitting's errors; those of `AccuracyGate`.
  public func compile(
    _ request: PlanningRequest, refit: [TokenizedSample]?, search: SearchOptions = SearchOptions(),
    gate: AccuracyGate = AccuracyGate(), progress: Progress
  ) throws -> Outcome {
    let isSearch = request.method == .search
    let measuresDepths = request.method.halts && calibration != nil
    let runs = (refit == nil ? 0 : 1) + (gate.isAsked ? 1 : 0) + (measuresDepths ? 1 : 0)
    // A search runs the encoder over far more texts than what comes after it.
    let searchShare = isSearch ? 0.8 : 0
    var finishedRuns = 0
    func report(_ stage: String, _ done: Int, _ total: Int) {
      let rest = (Double(finishedRuns) + Double(done) / Double(max(1, total))) / Double(max(1, runs))
      progress("\(stage), text \(done) of \(total)", min(1, searchShare + (1 - searchShare) * rest))
      if done == total { finishedRuns += 1 }
    }
    var request = request
    var trials: [SearchTrial] = []
    if isSearch {
      guard let refit else { throw WorkflowError.searchNeedsLabels }
      (request, trials) = try searched(request, refit, search) { progress($0, searchShare * $1) }
    }
    var outcome: Outcome
    if let refit {
      outcome = try refitted(request, refit, comparingDense: gate.isAsked, progress: report)
    } else {
      outcome = Outcome(planned: try plan(request))
    }
    outcome.trials = trials
    let loaded = try LoadedPlan(outcome.planned)
    if measuresDepths, let calibration {
      outcome.planned = try measured(outcome.planned, loaded, on: calibration, progress: report)
    }
    if refit == nil, gate.isAsked {
      guard let calibration else { throw WorkflowError.gateNeedsEvidence }
      outcome.accuracy = try agreement(of: loaded, with: calibration, progress: report)
    }
    if let refusal = outcome.accuracy.flatMap(gate.refusal) { throw refusal }
    outcome.candidates = deeperCandidates(request, than: outcome.planned.plan)
    outcome.planned = outcome.planned.withCanaries(
      try canaries(of: loaded, maximumLength: request.maximumLength))
    if let diagnostic = request.memory.exceeded(by: outcome.planned.plan) {
      throw PlanningError.memoryExceeded(diagnostic)
    }
    return outcome
  }

  /// The request of the best candidate, and every trial.
  private func searched(
    _ request: PlanningRequest, _ samples: [TokenizedSample], _ options: SearchOptions, progress: Progress
  ) throws -> (PlanningRequest, [SearchTrial]) {
    var search = MethodSearch(
      request: request, layers: Int(model.shape.layers), texts: samples.count, cache: options.cache,
      isOver: options.isOver,
      schedule: { candidate in
        do throws(PlanningError) {
          return try Planner.schedule(candidate, model: model, calibration: calibration, cost: cost)
        } catch  where error.isUnmetWish {
          return nil
        }
      },
      judge: { candidate, texts in
        let subset = SeededSubset.indices(count: samples.count, limit: texts, seed: 1).map { samples[$0] }
        return try refitted(candidate, subset, comparingDense: false) { _, _, _ in }.head?.report.score
      })
    let trials = try search.run { round, rounds, done, total in
      progress(
        "search, round \(round) of \(rounds), candidate \(done + 1) of \(total)",
        (Double(round - 1) + Double(done) / Double(max(1, total))) / Double(rounds))
    }
    guard let best = trials.first else {
      _ = try plan(request)  // says why there is no candidate
      throw WorkflowError.searchNeedsLabels
    }
    return (best.candidate.applied(to: request), trials)
  }

  private func plan(_ request: PlanningRequest) throws(PlanningError) -> PlannedModel {
    try Planner.plan(request, model: model, calibration: calibration, cost: cost)
  }

  private func refitted(
    _ request: PlanningRequest, _ samples: [TokenizedSample], comparingDense: Bool, progress: RunProgress
  ) throws -> Outcome {
    let targets = try HeadTargets(of: samples)
    let width = Int(model.shape.hidden)
    var request = request
    request.headOverride = HeadOverride(
      kind: targets.kind, weight: [Float](repeating: 0, count: targets.outputs * width),
      bias: [Float](repeating: 0, count: targets.outputs), labels: targets.labels)
    let schedule = try Planner.schedule(request, model: model, calibration: calibration, cost: cost)
    request.fixedSchedule = schedule
    request.depth = schedule.layerCount

    let reduced = try features(request, samples) { progress("features of the reduced encoder", $0, $1) }
    let head = try targets.fit(features: reduced, width: width)
    var accuracy: AccuracyComparison?
    if comparingDense, let planned = head.report.heldOut {
      var dense = request
      dense.depth = nil
      dense.method = .acc
      dense.fixedSchedule = .dense(maximumLength: request.maximumLength, layerCount: Int(model.shape.layers))
      let features = try features(dense, samples) { progress("features of the dense encoder", $0, $1) }
      let reference = try targets.fit(features: features, width: width).report
      if let value = reference.heldOut?.value {
        accuracy = AccuracyComparison(
          metric: planned.metric, dense: value, planned: planned.value, interval: head.report.interval,
          count: head.report.heldOutExamples,
          flips: targets.flips(from: reference.heldOutAnswers, to: head.report.heldOutAnswers, samples))
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

  /// The plan with the depths at which the calibration texts end.
  private func measured(
    _ planned: PlannedModel, _ loaded: LoadedPlan, on calibration: Calibration, progress: RunProgress
  ) throws -> PlannedModel {
    let samples = Self.samples(of: calibration, upTo: planned.plan.schedule.maximumLength)
    guard !samples.isEmpty else { return planned }
    let depths = try PlanExecution(loaded).depths(of: samples) {
      progress("depths of the calibration texts", $0, $1)
    }
    return planned.withDepths(zip(samples, depths).map { ($0.ids.count, $1) })
  }

  /// The calibration's texts that are not too long for the plan.
  private static func samples(of calibration: Calibration, upTo length: Int) -> [TokenizedSample] {
    calibration.samples.filter { $0.ids.count <= length }.map {
      TokenizedSample(ids: $0.ids, typeIDs: $0.typeIDs)
    }
  }

  /// Agreement with the dense model's reference outputs on the calibration texts: the share of equal labels, or the mean
  /// cosine of embeddings. The dense model agrees with itself.
  private func agreement(
    of loaded: LoadedPlan, with calibration: Calibration, progress: RunProgress
  ) throws -> AccuracyComparison {
    let samples = Self.samples(of: calibration, upTo: loaded.plan.schedule.maximumLength)
    let references =
      try loaded.plan.head.kind == .tokenClassification
      ? denseResults(of: samples, loaded.plan)
      : calibration.samples.filter { $0.ids.count <= loaded.plan.schedule.maximumLength }.map(\.reference)
    let results = try PlanExecution(loaded).results(of: samples) {
      progress("agreement with the dense model", $0, $1)
    }
    return AccuracyComparison(
      results, dense: references, labels: labels(of: calibration, for: loaded.plan), head: loaded.plan.head)
  }

  /// What the dense encoder answers: of a token classification the calibration holds no answers token by token.
  private func denseResults(of samples: [TokenizedSample], _ plan: Plan) throws -> [[Float]] {
    let request = PlanningRequest(
      maximumLength: plan.schedule.maximumLength, threads: Int(plan.identity.threads))
    return try PlanExecution(LoadedPlan(self.plan(request))).results(of: samples)
  }

  /// - Parameter width: scores of a text, or of each token.
  static func agreement(_ result: [Float], _ reference: [Float], kind: HeadKind, width: UInt32) -> Double {
    func largest(_ values: some Collection<Float>) -> Int {
      values.enumerated().max { $0.element < $1.element }?.offset ?? 0
    }
    switch kind {
    case .classification: return largest(result) == largest(reference) ? 1 : 0
    case .tokenClassification:
      let starts = stride(from: 0, to: min(result.count, reference.count), by: Int(width))
      let equal = starts.count {
        largest(result[$0..<$0 + Int(width)]) == largest(reference[$0..<$0 + Int(width)])
      }
      return Double(equal) / Double(max(1, result.count / Int(width)))
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
