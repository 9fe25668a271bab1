internal import TaperAuditor
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
/// Refitting (ours): the schedule is planned with a head of the right shape but no content, the
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
    /// What the deadlines hold for, where that is not the median.
    public var percentile: PercentileMargin?
    /// The one of them that method `acc` would have planned; nil when that is out of reach.
    public var plainTrial: SearchTrial?
  }

  /// How method `search` goes about it.
  public struct SearchOptions {
    /// File that trials are kept in and taken from; nil keeps none.
    public var cachePath: String?
    /// Everything but the request that a score depends on, in words.
    public var question: String
    /// Tried beside the request's; those that the profile did not measure are left out.
    public var precisions: [PrecisionAssignment]
    /// Whether time is up, asked before each trial.
    public var isOver: () -> Bool

    public init(
      cachePath: String? = nil, question: String = "", precisions: [PrecisionAssignment] = [],
      isOver: @escaping () -> Bool = { false }
    ) {
      self.cachePath = cachePath
      self.question = question
      self.precisions = precisions
      self.isOver = isOver
    }
  }

  /// What is being done, and the share of the whole that is done: from 0 to 1, never falling.
  public typealias Progress = (_ stage: String, _ fraction: Double) -> Void

  /// One run over texts: what for, and how many of them are done.
  typealias RunProgress = (_ stage: String, _ done: Int, _ total: Int) -> Void

  /// Calibration texts that tell what a plan is worth when no gate asks: enough for an interval of a few points.
  static let evidenceTexts = 200

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
  ///   - search: how method `search` goes about it; it judges on `refit`, or else on the calibration.
  ///   - gate: what the plan's accuracy must be; one that asks for nothing measures nothing but what it needs.
  /// - Throws: the planner's, the runtime's and the fitting's errors; those of `AccuracyGate`.
  public func compile(
    _ request: PlanningRequest, refit: [TokenizedSample]?, search: SearchOptions = SearchOptions(),
    gate: AccuracyGate = AccuracyGate(), progress: Progress
  ) throws -> Outcome {
    let isSearch = request.method == .search
    // A search runs the encoder over far more texts than what comes after it.
    let searchShare = isSearch ? 0.8 : 0
    var (request, refit) = (request, refit)
    var trials: [SearchTrial] = []
    var plainTrial: SearchTrial?
    if isSearch {
      (request, trials, plainTrial) = try searched(request, refit, search) { progress($0, searchShare * $1) }
      // Halting keeps the heads that were trained together.
      if request.method.halts { refit = nil }
    }
    let choosesRestoring = !isSearch && refit == nil && mayChooseRestoring(request)
    let measuresDepths = request.method.halts && calibration != nil
    let isJudged = gate.isAsked || refit == nil && calibration != nil
    let runs =
      (choosesRestoring ? 2 : 0) + (refit == nil ? 0 : 1) + (isJudged ? 1 : 0) + (measuresDepths ? 1 : 0)
    var finishedRuns = 0
    func report(_ stage: String, _ done: Int, _ total: Int) {
      let rest = (Double(finishedRuns) + Double(done) / Double(max(1, total))) / Double(max(1, runs))
      progress("\(stage), text \(done) of \(total)", min(1, searchShare + (1 - searchShare) * rest))
      if done == total { finishedRuns += 1 }
    }
    var restorings: [PlanCandidate] = []
    if choosesRestoring { (request, restorings) = try choosingRestoring(request, progress: report) }
    var outcome: Outcome
    if let refit {
      outcome = try refitted(request, refit, comparingDense: gate.isAsked, progress: report)
    } else {
      outcome = Outcome(planned: try plan(request))
    }
    outcome.trials = trials
    outcome.plainTrial = plainTrial
    let loaded = try LoadedPlan(outcome.planned)
    if measuresDepths, let calibration {
      outcome.planned = try measured(outcome.planned, loaded, on: calibration, progress: report)
    }
    if refit == nil, isJudged {
      guard let calibration else { throw WorkflowError.gateNeedsEvidence }
      let limit = gate.isAsked ? Int.max : Self.evidenceTexts
      outcome.accuracy = try agreement(of: loaded, with: calibration, limit: limit, progress: report)
    }
    if gate.isAsked, outcome.accuracy == nil { throw WorkflowError.gateNeedsEvidence }
    if let refusal = outcome.accuracy.flatMap(gate.refusal) { throw refusal }
    outcome.candidates = restorings + deeperCandidates(request, than: outcome.planned.plan)
    outcome.planned = outcome.planned.withEvidence(outcome.evidence).withCanaries(
      try canaries(of: loaded, maximumLength: request.maximumLength))
    if let diagnostic = request.memory.exceeded(by: outcome.planned.plan) {
      throw PlanningError.memoryExceeded(diagnostic)
    }
    return outcome
  }

  /// The request of the best candidate, every trial, and the one of plain `acc`.
  private func searched(
    _ request: PlanningRequest, _ samples: [TokenizedSample]?, _ options: SearchOptions, progress: Progress
  ) throws -> (PlanningRequest, [SearchTrial], SearchTrial?) {
    var judge = CandidateJudge(compiler: self, labelled: samples, maximumLength: request.maximumLength)
    guard judge.texts > 0 else { throw WorkflowError.searchNeedsTexts }
    let space = SearchSpace(
      request, layers: Int(model.shape.layers), halts: model.tuned?.halting != nil,
      selectors: model.tuned?.selector?.layers ?? [], precisions: options.precisions,
      choosesRestoring: mayChooseRestoring(request), refits: samples != nil)
    var search = MethodSearch(
      request: request, space: space, texts: judge.texts,
      cache: try options.cachePath.map {
        try SearchCache(path: $0, question: request.requestText + "\n" + options.question)
      },
      isOver: options.isOver,
      schedule: { candidate in
        do throws(PlanningError) {
          return try Planner.schedule(candidate, model: model, calibration: calibration, cost: cost)
        } catch {
          if error.isUnmetWish { return nil }
          guard case .precisionNotMeasured = error else { throw error }
          return nil
        }
      },
      judge: { try judge.score($0, texts: $1) })
    let trials = try search.run { round, rounds, done, total in
      progress(
        "search, round \(round) of \(rounds), candidate \(done + 1) of \(total)",
        (Double(round - 1) + Double(done) / Double(max(1, total))) / Double(rounds))
    }
    guard let best = trials.first else {
      // Says why there is no candidate.
      _ = try plan(space.plain.applied(to: request))
      throw WorkflowError.searchNeedsTexts
    }
    return (best.candidate.applied(to: request), trials, trials.first { space.isPlain($0.candidate) })
  }

  func plan(_ request: PlanningRequest) throws(PlanningError) -> PlannedModel {
    try Planner.plan(request, model: model, calibration: calibration, cost: cost)
  }

  /// Columns of the features a head reads.
  var width: Int { Int(model.shape.hidden) }

  /// A request's plan at work on labelled texts before its head is there.
  struct Reduced {
    /// With a head of the right shape but no content, and the schedule that belongs to it.
    var request: PlanningRequest
    /// The same, giving features.
    var planned: PlannedModel
    /// [samples, width]
    var features: [Float]
    var runs: [TextRun]
  }

  func reduced(
    _ request: PlanningRequest, _ samples: [TokenizedSample], _ targets: HeadTargets,
    progress: PlanExecution.Progress
  ) throws -> Reduced {
    var request = request
    request.headOverride = HeadOverride(
      kind: targets.kind, weight: [Float](repeating: 0, count: targets.outputs * width),
      bias: [Float](repeating: 0, count: targets.outputs), labels: targets.labels)
    let outline = try Planner.outline(request, model: model, calibration: calibration, cost: cost)
    request.fixedSchedule = outline.schedule
    request.depth = outline.schedule.layerCount
    // The target may have needed a pass to be off; it is met only with the same ones.
    request.passes = PassSet(
      disabling: PlannerPass.allCases.filter { !outline.identity.passes.contains($0.name) })
    var instrumented = request
    instrumented.instrumentation = .features
    let planned = try plan(instrumented)
    var reduced = Reduced(request: request, planned: planned, features: [], runs: [])
    try PlanExecution(LoadedPlan(planned)).run(samples, slots: ["features"], progress: progress) {
      reduced.runs.append($1)
      reduced.features += $2[0]
    }
    return reduced
  }

  private func refitted(
    _ request: PlanningRequest, _ samples: [TokenizedSample], comparingDense: Bool, progress: RunProgress
  ) throws -> Outcome {
    let targets = try HeadTargets(of: samples)
    let reduced = try reduced(request, samples, targets) {
      progress("features of the reduced encoder", $0, $1)
    }
    let head = try targets.fit(features: reduced.features, width: width)
    var accuracy: AccuracyComparison?
    if comparingDense, let planned = head.report.heldOut {
      var dense = request
      dense.depth = nil
      dense.method = .acc
      dense.target = .dense
      dense.fixedSchedule = nil
      dense.memory = MemoryCeiling()
      let features = try self.reduced(dense, samples, targets) {
        progress("features of the dense encoder", $0, $1)
      }.features
      let reference = try targets.fit(features: features, width: width).report
      if let value = reference.heldOut?.value {
        accuracy = AccuracyComparison(
          metric: planned.metric, dense: value, planned: planned.value, interval: planned.interval,
          count: head.report.heldOutExamples,
          flips: targets.flips(from: reference.heldOutAnswers, to: head.report.heldOutAnswers, samples))
      }
    }
    var fitted = reduced.request
    fitted.headOverride?.weight = head.weight
    fitted.headOverride?.bias = head.bias
    return Outcome(planned: try plan(fitted), accuracy: accuracy, head: head)
  }

  /// The plan with the depths at which the calibration texts end.
  private func measured(
    _ planned: PlannedModel, _ loaded: LoadedPlan, on calibration: Calibration, progress: RunProgress
  ) throws -> PlannedModel {
    let samples = Self.samples(of: calibration, upTo: planned.plan.schedule.maximumLength)
    guard !samples.isEmpty else { return planned }
    let runs = try PlanExecution(loaded).runs(of: samples) {
      progress("depths of the calibration texts", $0, $1)
    }
    return planned.withDepths(runs.map { ($0.keptTokens, $0.depth) })
  }

  /// The calibration's texts that are not too long for the plan.
  static func samples(of calibration: Calibration, upTo length: Int) -> [TokenizedSample] {
    calibration.samples.filter { $0.ids.count <= length }.map(\.tokenized)
  }

  /// What the plan answers to the calibration's texts against the right labels, or else the dense model's answers; nil when no
  /// text fits.
  /// - Parameter limit: texts to measure on at most, drawn with a fixed seed.
  private func agreement(
    of loaded: LoadedPlan, with calibration: Calibration, limit: Int, progress: RunProgress
  ) throws -> AccuracyComparison? {
    let plan = loaded.plan
    // Numbers are held against the dense model's: the plan format has no figure for a correlation with right ones.
    let texts = AuditSample.calibrated(calibration, for: plan, withLabels: plan.head.kind != .regression)
    let samples = try referenced(SeededSubset.elements(of: texts, limit: limit, seed: 1), for: plan)
    let results = try PlanExecution(loaded).results(of: samples.map(\.tokenized)) {
      progress("agreement with the dense model", $0, $1)
    }
    return AccuracyComparison(results, to: samples, head: plan.head)
  }

  /// The calibration's samples with the dense encoder's answers to hold that plan against.
  func referenced(_ samples: [AuditSample], for plan: Plan) throws -> [AuditSample] {
    let references = try references(
      of: samples.map(\.tokenized), stored: samples.map { $0.reference ?? [] }, for: plan)
    return zip(samples, references).map { sample, reference in
      var sample = sample
      sample.reference = reference
      return sample
    }
  }

  /// What the dense encoder answers, for a plan to be held against: what calibration stored; of a token classification, of
  /// which it holds no answers token by token, a dense plan's; and of a plan that halts what that promises, a_L, the answer
  /// after all layers, every token kept.
  func references(
    of samples: [TokenizedSample], stored: [[Float]], for plan: Plan
  ) throws -> [[Float]] {
    let halts = plan.halting != nil
    guard halts || plan.head.kind == .tokenClassification else { return stored }
    let request = PlanningRequest(
      method: halts ? .halting : .acc, maximumLength: plan.schedule.maximumLength,
      threads: Int(plan.identity.threads))
    return try PlanExecution(LoadedPlan(self.plan(request)), halts: false).results(of: samples)
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
      .map(\.tokenized)
    let results = try PlanExecution(loaded).results(of: samples)
    return zip(samples, results).map { sample, result in
      Canary(ids: sample.ids, typeIDs: sample.typeIDs, expected: result, tolerance: 0.01)
    }
  }
}
