internal import TaperAuditor
public import TaperCalibration
public import TaperCostModel
public import TaperHeadFitting
public import TaperModelSpec
internal import TaperPlanFormat
internal import TaperPlanRuntime
public import TaperPlanner
internal import TaperTokenization

/// From a request to a plan ready to write: planned, its head refitted, its accuracy measured and gated, canaries
/// inside.
///
/// Refitting (ours): the schedule is planned with a head of the right shape but no content, the reduced encoder is run
/// over the labelled texts, the head is fitted to its features, and the same schedule is emitted again with the fitted
/// head. The dense encoder's features are fitted on the same split for comparison, so both figures are of texts neither
/// head has seen.
public struct PlanCompiler {
  /// What came out, with the evidence.
  public struct Outcome {
    public var planned: PlannedModel
    public var accuracy: AccuracyComparison?
    public var head: LinearHead?
    /// Of `head`; nil when it was fitted on too few texts to hold any out.
    public var heldOut: HeldOutFigure?
    /// What method `search` tried, best first; empty for the others.
    public var trials: [SearchTrial] = []
    /// The trial of what method `acc` would have planned; nil when that is out of reach.
    public var plainTrial: SearchTrial?
    /// Plans considered before this one, and why they were not taken.
    public var candidates: [PlanCandidate] = []
    /// What the deadlines hold for, where that is not the median.
    public var percentile: PercentileMargin?
  }

  /// How method `search` goes about it.
  public struct SearchOptions {
    /// File that trials are kept in and taken from; nil keeps none.
    public var cachePath: String?
    /// Everything but the request that a score depends on.
    public var question: String
    /// Whether time is up, asked before each trial.
    public var isOver: () -> Bool

    public init(
      cachePath: String? = nil, question: String = "", isOver: @escaping () -> Bool = { false }
    ) {
      self.cachePath = cachePath
      self.question = question
      self.isOver = isOver
    }
  }

  public typealias Progress = Stages<Draft>.Progress
  typealias Report = Stages<Draft>.Report

  /// Calibration texts that tell what a plan is worth when no gate asks: enough for an interval of a few points.
  static let evidenceTexts = 200

  let model: ModelSpec
  private(set) var calibration: Calibration?
  let cost: CostModel
  /// Texts that scores of words and lenses are fitted to; none of them judges a plan.
  private(set) var fittingTexts: [TokenizedSample] = []
  let readOuts = DenseReadOuts()
  /// The packed tensors of all plans that are made: candidates, references and the outcome.
  package let pool = WeightPool()

  public init(model: ModelSpec, calibration: Calibration?, cost: CostModel) {
    self.model = model
    self.calibration = calibration
    self.cost = cost
  }

  /// - Parameters:
  ///   - refit: labelled samples to refit the head on; nil keeps the model's head.
  ///   - search: how method `search` goes about it; it judges on `refit`, or else on the calibration.
  /// - Throws: `WorkflowError`; the planner's, the runtime's and the fitting's errors.
  public func compile(
    _ request: CompileRequest, refit: [TokenizedSample]?, search: SearchOptions = SearchOptions(),
    progress: Progress
  ) throws -> Outcome {
    let outcome = try compile(
      request, text: request.text, precision: nil, refit: refit, search: search, progress: progress)
    if outcome.head == nil, let name = request.options.measure.name, outcome.accuracy?.metric != name.evidence
    {
      throw WorkflowError.metricNeedsLabels(name)
    }
    return outcome
  }

  /// - Parameters:
  ///   - text: the request, for the plan's provenance.
  ///   - precision: found before, where the request leaves it open.
  func compile(
    _ request: CompileRequest, text: String, precision: PrecisionAssignment?, refit: [TokenizedSample]?,
    search: SearchOptions, progress: Progress
  ) throws -> Outcome {
    let planning = try planning(request, precision: precision, text: text, refits: refit != nil)
    let mayChoose = refit == nil && mayChooseRestoring(request) && mayReadLens(planning)
    let searches = refit != nil && request.goal.method.name == .search
    let fits =
      searches || planning.lexicon != nil && model.tuned?.lexical == nil || planning.lens != nil
    let mayFit = mayChoose && planning.method.dropsTokens
    let apart = fits || mayFit ? try settingTextsApart(refit: refit) : self
    // Where a lens is only one way of several, few texts rather judge.
    let compiler = fits || apart.canFit ? apart : self
    var draft = Draft(planning: planning, refit: refit)
    do {
      try compiler.stages(of: request, findsPrecision: precision == nil, refits: refit != nil, search)
        .run(&draft, progress: progress)
    } catch PlanningError.memoryExceeded(let diagnostic) {
      throw PlanningError.memoryExceeded(
        try Planner.naming(
          remediesOf: diagnostic, draft.planning, model: model, calibration: calibration, cost: cost))
    }
    guard let outcome = draft.outcome else { preconditionFailure("no stage made a plan") }
    return outcome
  }

  /// The planner's request as far as the compile's request settles it: with scores of words and a lens where it has
  /// them, which are not fitted yet.
  func planning(
    _ request: CompileRequest, precision: PrecisionAssignment?, text: String = "", refits: Bool
  ) throws(WorkflowError) -> PlanningRequest {
    var planning = try request.planning(precision: precision, provenance: PlanProvenance(request: text))
    if planning.method.choosesWords {
      planning.lexicon = Lexicon(
        scores: [Float](repeating: 0, count: Int(model.shape.vocabulary)),
        penalties: model.tuned?.lexical?.penalties ?? LexiconFit.penalties)
    }
    switch request.options.readOut {
    case .lens:
      guard mayReadLens(planning) else { throw .lensNeedsMean }
      planning.lens = Lens()
    // A head that is fitted to what the chosen words say needs no more (docs/lexical.md), and one that was trained
    // with them expects no more.
    case .auto where planning.method.choosesWords && (refits || model.tuned?.lexical != nil):
      planning.restoresDroppedTokens = false
    case .auto, .restored, .kept: break
    }
    return planning
  }

  /// The compiler that fits on some texts and judges on others: on those that the head is fitted on, or else on two of
  /// three of the calibration's.
  /// - Throws: as `HeadTargets.init`.
  func settingTextsApart(refit: [TokenizedSample]? = nil) throws -> PlanCompiler {
    var compiler = self
    if let refit {
      let fitted = try HeadTargets(of: refit, like: model.head.textLabels).fitted
      compiler.fittingTexts = fitted.map { refit[$0] }
    } else if let calibration {
      let judging = Set(
        SeededSubset.indices(count: calibration.samples.count, limit: calibration.samples.count / 3, seed: 2))
      compiler.fittingTexts = calibration.samples.indices.filter { !judging.contains($0) }
        .map { calibration.samples[$0].tokenized }
      compiler.calibration = calibration.keeping(samples: judging.sorted())
    }
    return compiler
  }

  private var canFit: Bool { fittingTexts.count >= LensFit.fewestTexts }

  /// A compile under way.
  public struct Draft {
    /// With all that the stages so far have settled.
    var planning: PlanningRequest
    var refit: [TokenizedSample]?
    var trials: [SearchTrial] = []
    var plainTrial: SearchTrial?
    var candidates: [PlanCandidate] = []
    var outcome: Outcome?
    /// The outcome's plan, to be run.
    var loaded: LoadedPlan?

    mutating func take(
      _ planned: PlannedModel, head: LinearHead? = nil, heldOut: HeldOutFigure? = nil
    ) throws {
      loaded = try LoadedPlan(planned)
      outcome = Outcome(
        planned: planned, head: head, heldOut: heldOut, trials: trials, plainTrial: plainTrial)
    }

    /// - Precondition: the plan is made.
    fileprivate func made() -> (Outcome, LoadedPlan) {
      guard let outcome, let loaded else { preconditionFailure("the plan is not made yet") }
      return (outcome, loaded)
    }
  }

  /// Weights are in runs over a few hundred texts, about.
  private func stages(
    of request: CompileRequest, findsPrecision: Bool, refits: Bool, _ search: SearchOptions
  ) -> Stages<Draft> {
    let (goal, gate, measure) = (request.goal, request.gate, request.options.measure)
    var stages = Stages<Draft>()
    if goal.method.name.choosesWords {
      stages.add("scores of words", weight: 2) { draft, report in
        guard model.makesOneVector else { throw WorkflowError.wordsNeedVector }
        // What cannot be planned is refused before the work.
        _ = try Planner.outline(draft.planning, model: model, calibration: calibration, cost: cost)
        draft.planning.lexicon = try lexicon(for: draft.planning, progress: report.texts)
      }
    }
    // Without layers there are no products.
    if findsPrecision, request.options.precision.precision == nil, goal.depth != 0 {
      stages.add("precision of products", weight: 4) { draft, report in
        if request.options.precision == .asNeeded {
          guard let exact = try reducedCandidate(draft.planning) else { return }
          draft.candidates = [exact]
        }
        let found = try choosePrecision(
          draft.planning, maximumDrop: gate.maximumDrop ?? Self.precisionDrop, progress: report)
        draft.planning.precision = found.precision
        draft.candidates += found.candidates
      }
    }
    if case .search(let rule) = goal.method, case .reach(let target) = goal.target {
      // Over far more texts than any other stage.
      stages.add("search", weight: 16) { draft, report in
        try searched(&draft, request, target, rule, search, progress: report)
        // Halting keeps the heads that were trained together.
        if draft.planning.halting != nil { draft.refit = nil }
      }
    } else if !refits, mayChooseRestoring(request) {
      stages.add("dropped tokens in the mean or not", weight: 2) { draft, report in
        let (planning, candidates) = try choosingRestoring(
          draft.planning, by: measure, progress: report)
        draft.planning = planning
        draft.candidates += candidates
      }
    }
    if request.options.readOut == .lens {
      stages.add("lens for dropped tokens") { draft, report in
        draft.planning = try fittingLens(draft.planning, progress: report.texts)
      }
    }
    if refits {
      stages.add("features of the reduced encoder") { draft, report in
        guard let samples = draft.refit else { return try draft.take(plan(draft.planning)) }
        try refit(&draft, on: samples, by: measure, progress: report)
      }
      if gate.isAsked {
        stages.add("features of the dense encoder") { draft, report in
          if let samples = draft.refit {
            try compareWithDense(&draft, on: samples, by: measure, progress: report)
          }
        }
      }
    } else {
      stages.add("plan", weight: 0.1) { draft, _ in try draft.take(plan(draft.planning)) }
    }
    if let calibration, goal.method.mayHalt {
      stages.add("depths of the calibration texts") { draft, report in
        guard draft.planning.halting != nil else { return }
        let (outcome, loaded) = draft.made()
        draft.outcome?.planned = try measured(outcome.planned, loaded, on: calibration, progress: report)
      }
    }
    stages.add("agreement with the dense model") { draft, report in
      if draft.refit == nil, gate.isAsked || calibration != nil {
        guard let calibration else { throw WorkflowError.gateNeedsEvidence }
        let limit = gate.isAsked ? Int.max : Self.evidenceTexts
        let accuracy = try agreement(
          of: draft.made().1, with: calibration, limit: limit, by: measure, progress: report)
        draft.outcome?.accuracy = accuracy
      }
      let accuracy = draft.outcome?.accuracy
      if gate.isAsked, accuracy == nil { throw WorkflowError.gateNeedsEvidence }
      let isExact = draft.planning.precision == PrecisionAssignment()
      let canLower = isExact && draft.planning.method.target?.limits != nil
      guard let accuracy, let refusal = gate.refusal(of: accuracy, canLowerPrecision: canLower) else {
        return
      }
      guard draft.refit == nil, let calibration else { throw refusal }
      throw try naming(
        refusal, for: request, draft.planning, refused: draft.made().1.plan, progress: report
      ) { plan in
        try agreement(of: plan, with: calibration, limit: .max, by: measure, progress: report)
          .map { gate.refusal(of: $0, canLowerPrecision: canLower) == nil } ?? false
      }
    }
    stages.add("canary examples", weight: 0.1) { draft, _ in
      var (outcome, loaded) = draft.made()
      outcome.candidates = draft.candidates + deeperCandidates(draft.planning, than: outcome.planned.plan)
      outcome.percentile = margin(of: draft.planning)
      outcome.planned = outcome.planned.withEvidence(outcome.evidence).withCanaries(
        try canaries(of: loaded, maximumLength: request.options.maximumLength))
      if let diagnostic = request.memory.exceeded(by: outcome.planned.plan) {
        throw PlanningError.memoryExceeded(diagnostic)
      }
      draft.outcome = outcome
    }
    return stages
  }

  /// The best candidate's request, and every trial.
  private func searched(
    _ draft: inout Draft, _ request: CompileRequest, _ target: PlanningTarget, _ rule: HaltingRule,
    _ options: SearchOptions, progress: Report
  ) throws {
    var planning = draft.planning
    let canScore = model.tuned?.lexical != nil || fittingTexts.count >= LensFit.fewestTexts
    if draft.refit != nil, canScore, model.makesOneVector {
      planning.lexicon = try lexicon(for: planning) { _, _ in }
    }
    var judge = CandidateJudge(
      compiler: self, labelled: draft.refit, maximumLength: request.options.maximumLength,
      by: request.options.measure)
    guard judge.texts > 0 else { throw WorkflowError.searchNeedsTexts }
    let precisions =
      request.options.precision.precision == nil ? Precision.allCases.map { PrecisionAssignment($0) } : []
    let space = SearchSpace(
      planning, target: target, haltingRule: rule, layers: Int(model.shape.layers),
      halts: model.tuned?.halting != nil, selectors: model.tuned?.selector?.layers ?? [],
      precisions: precisions, choosesRestoring: mayChooseRestoring(request),
      refits: draft.refit != nil)
    var search = MethodSearch(
      space, texts: judge.texts,
      cache: try options.cachePath.map {
        try SearchCache(path: $0, question: planning.provenance.request + "\n" + options.question)
      },
      isOver: options.isOver,
      schedule: { candidate in
        do throws(PlanningError) {
          return try Planner.schedule(candidate, model: model, calibration: calibration, cost: cost)
        } catch {
          if error.isInfeasible { return nil }
          guard case .precisionNotMeasured = error else { throw error }
          return nil
        }
      },
      judge: { try judge.score($0, texts: $1) })
    draft.trials = try search.run { round, rounds, done, total in
      progress(
        "round \(round) of \(rounds), candidate \(done + 1) of \(total)",
        (Double(round - 1) + Double(done) / Double(max(1, total))) / Double(rounds))
    }
    guard let best = draft.trials.first else {
      // Says why there is no candidate.
      _ = try plan(space.request(space.plain))
      throw WorkflowError.searchNeedsTexts
    }
    draft.planning = space.request(best.candidate)
    draft.plainTrial = draft.trials.first { space.isPlain($0.candidate) }
  }

  func plan(_ request: PlanningRequest) throws(PlanningError) -> PlannedModel {
    try Planner.plan(request, model: model, calibration: calibration, cost: cost, pool: pool)
  }

  /// Columns of the features that a head reads after so many layers; nil: all. Without any they are the word table's.
  func featureWidth(depth: Int?) -> Int { depth == 0 ? model.form.embeddingWidth : model.head.featureWidth }

  /// A request's encoder run over labelled texts, to fit a head to its features.
  struct Reduced {
    /// With a head of the right shape but no content, and the schedule that was planned with it.
    var request: PlanningRequest
    /// The plan that gave the features.
    var planned: PlannedModel
    /// [samples, width]
    var features: [Float]
    var width: Int
    var runs: [TextRun]
  }

  func reduced(
    _ request: PlanningRequest, _ samples: [TokenizedSample], _ targets: HeadTargets,
    progress: PlanExecution.Progress
  ) throws -> Reduced {
    var request = request
    let width = featureWidth(depth: request.depth)
    request.headOverride = .unfitted(
      kind: targets.kind, outputs: targets.outputs, width: width, labels: targets.labels)
    let outline = try Planner.outline(request, model: model, calibration: calibration, cost: cost)
    request.method = .fixed(outline.schedule, selection: request.method.selection)
    request.depth = outline.schedule.layerCount
    // The target may have needed a pass to be off; it is met only with the same ones.
    request.passes = PassSet(
      disabling: PlannerPass.allCases.filter { !outline.identity.passes.contains($0.name) })
    var instrumented = request
    instrumented.instrumentation = .features
    let planned = try plan(instrumented)
    var reduced = Reduced(request: request, planned: planned, features: [], width: width, runs: [])
    try PlanExecution(LoadedPlan(planned)).run(samples, slots: ["features"], progress: progress) {
      reduced.runs.append($1)
      reduced.features += $2[0]
    }
    return reduced
  }

  /// Fits the head to the features of the request's encoder, and makes the plan with it.
  private func refit(
    _ draft: inout Draft, on samples: [TokenizedSample], by measure: AnswerMeasure, progress: Report
  ) throws {
    let targets = try HeadTargets(of: samples, like: model.head.textLabels)
    let reduced = try reduced(draft.planning, samples, targets, progress: progress.texts)
    let head = try targets.fit(features: reduced.features, width: reduced.width)
    var fitted = reduced.request
    fitted.headOverride?.weight = head.weight
    fitted.headOverride?.bias = head.bias
    try draft.take(
      plan(fitted), head: head, heldOut: HeldOutFigure(head.report, of: targets, by: measure))
  }

  /// Compares the refitted head with one fitted to the dense encoder's features, on the same split.
  private func compareWithDense(
    _ draft: inout Draft, on samples: [TokenizedSample], by measure: AnswerMeasure, progress: Report
  ) throws {
    guard let report = draft.outcome?.head?.report, let planned = draft.outcome?.heldOut else { return }
    let targets = try HeadTargets(of: samples, like: model.head.textLabels)
    var request = draft.planning
    request.method = .dense
    request.depth = nil
    request.memory = MemoryCeiling()
    let dense = try reduced(request, samples, targets, progress: progress.texts)
    let reference = try targets.fit(features: dense.features, width: dense.width).report
    guard let value = HeldOutFigure(reference, of: targets, by: measure)?.value else { return }
    draft.outcome?.accuracy = AccuracyComparison(
      metric: planned.metric, positive: planned.positive, dense: value, planned: planned.value,
      interval: planned.interval, count: planned.count,
      longestText: targets.heldOut.map { samples[$0].ids.count }.max(),
      flips: targets.flips(from: reference.heldOutAnswers, to: report.heldOutAnswers, samples))
  }

  /// The plan with the depths at which the calibration texts end.
  private func measured(
    _ planned: PlannedModel, _ loaded: LoadedPlan, on calibration: Calibration,
    progress: Report
  ) throws -> PlannedModel {
    let samples = Self.samples(of: calibration, upTo: planned.plan.schedule.maximumLength)
    guard !samples.isEmpty else { return planned }
    let runs = try PlanExecution(loaded).runs(of: samples, progress: progress.texts)
    return planned.withDepths(runs.map { ($0.keptTokens, $0.depth) })
  }

  /// The calibration's texts that are not too long for the plan.
  static func samples(of calibration: Calibration, upTo length: Int) -> [CalibrationSample] {
    calibration.samples.filter { $0.ids.count <= length }
  }

  /// What the plan answers to the calibration's texts, compared with the right labels, or else with the dense model's
  /// answers; nil when no text fits.
  /// - Parameter limit: texts to measure on at most, drawn with a fixed seed.
  private func agreement(
    of loaded: LoadedPlan, with calibration: Calibration, limit: Int, by measure: AnswerMeasure,
    progress: Report
  ) throws -> AccuracyComparison? {
    let plan = loaded.plan
    // Numbers are compared with the dense model's unless asked otherwise: the plan format has no Pearson's correlation
    // with right ones.
    let texts = AuditSample.calibrated(
      calibration, for: plan, withLabels: plan.head.kind != .regression || measure.name == .spearman)
    let samples = try referenced(SeededSubset.elements(of: texts, limit: limit, seed: 1), for: plan)
    let results = try PlanExecution(loaded).results(
      of: samples, progress: progress.texts)
    return AccuracyComparison(results, to: samples, head: plan.head, by: measure)
  }

  /// The calibration's samples with the dense encoder's answers to compare that plan's with.
  func referenced(_ samples: [AuditSample], for plan: Plan) throws -> [AuditSample] {
    let references = try references(
      of: samples, stored: samples.map { $0.reference ?? [] }, for: plan)
    return zip(samples, references).map { sample, reference in
      var sample = sample
      sample.reference = reference
      return sample
    }
  }

  /// What the dense encoder answers, to compare that plan's answers with: what the calibration stored; of answers
  /// token by token and of sparse vectors, which it does not store, a dense plan's answers; of a plan that halts a_L,
  /// the answer after all layers with every token kept, which the halting rule protects.
  func references(
    of samples: [some TokenizedText], stored: [[Float]], for plan: Plan
  ) throws -> [[Float]] {
    let halts = plan.halting != nil
    guard halts || plan.head.answersTokens || plan.head.kind == .sparse else { return stored }
    let request = PlanningRequest(
      .dense, halting: halts ? .tight : nil, maximumLength: plan.schedule.maximumLength,
      threads: Int(plan.identity.threads))
    return try PlanExecution(LoadedPlan(self.plan(request)), halts: false).results(of: samples)
  }

  /// Two fixed sentences and the first calibration texts, with the plan's answers on this machine.
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
    let tolerance = Self.canaryTolerance(loaded.plan)
    return try zip(samples, results).map { sample, result in
      let unusable = result.count { !$0.isFinite }
      guard unusable == 0 else {
        throw WorkflowError.answerNotFinite(tokens: sample.ids.count, count: unusable, of: result.count)
      }
      let largest = result.map(abs).max() ?? 0
      return Canary(
        ids: sample.ids, typeIDs: sample.typeIDs, expected: result, tolerance: tolerance * max(1, largest))
    }
  }

  /// How far an answer of order one may be off on another tier, which rounds otherwise (specs/kernels.md): by what the
  /// least precise product allows, and where tokens are dropped by two of nearly equal score changing places.
  static func canaryTolerance(_ plan: Plan) -> Float {
    let ofProducts = plan.ops.map { op -> Float in
      switch plan.weightLayout(of: op).activation {
      case .i8: 0.02
      case .bf16: 0.01
      case .bf16x2: 1e-3
      default: 1e-4
      }
    }
    return max(ofProducts.max() ?? 0, plan.schedule.reducesAnywhere ? 0.01 : 0)
  }
}
