public import TaperAuditor
public import TaperCalibration
public import TaperPlanFormat
public import TaperPlanRuntime
public import TaperPlanner

/// From one checkpoint and one calibration to plans from 1x to the highest speedup, on one weights file, each measured
/// (specs/planning.md, "Sweep").
public struct Sweep {
  public struct Request {
    /// What all plans have in common.
    public var options: CompileOptions
    public var methods: [CompileMethod]
    /// Speedups to plan for, ascending, each above 1.
    public var factors: [Double]
    /// Whether they are of work (the published form) instead of predicted time.
    public var isInWork: Bool

    public init(options: CompileOptions, methods: [CompileMethod], factors: [Double], isInWork: Bool) {
      self.options = options
      self.methods = methods
      self.factors = factors
      self.isInWork = isInWork
    }
  }

  /// A plan of the sweep before it is written.
  public struct Candidate {
    /// "dense", "acc-2x": the file's name without its ending.
    public var name: String
    public var method: String
    public var outcome: PlanCompiler.Outcome
  }

  let compiler: PlanCompiler

  public init(_ compiler: PlanCompiler) { self.compiler = compiler }

  /// The dense plan, then for every method one plan a speedup as far as it reaches, and the fastest that it reaches; of
  /// equal schedules of a method the one of the largest speedup.
  ///
  /// - Parameters:
  ///   - refit: labelled samples to refit every plan's head on; nil keeps the model's head.
  ///   - maximumDrop: share that an open precision may lose of its agreement with f32; nil: as `PlanCompiler` has it.
  ///   - search: how method `search` goes about each plan.
  /// - Throws: as `PlanCompiler.compile`, but for targets out of reach.
  public func candidates(
    _ request: Request, refit: [TokenizedSample]?, maximumDrop: Double? = nil,
    search: @escaping () -> PlanCompiler.SearchOptions, progress: PlanCompiler.Progress
  ) throws -> [Candidate] {
    let precisionShare = request.options.precision == .auto ? 0.15 : 0
    let precision = try compiler.choosePrecision(request.options, maximumDrop: maximumDrop) {
      progress($0, precisionShare * $1)
    }
    let planned = try points(request, precision, refits: refit != nil)
    var stages = Stages<[Candidate]>()
    for point in planned {
      stages.add(point.name) { candidates, report in
        do {
          let goal = point.request.goal
          // Halting keeps the heads that were trained together.
          let outcome = try compiler.compile(
            point.request, text: point.text, precision: precision,
            refit: goal.method.halting == nil ? refit : nil, search: search()
          ) { report($0, $1) }
          candidates.append(Candidate(name: point.name, method: point.method, outcome: outcome))
        } catch PlanningError.infeasible where point.request.goal.method.name == .search {
          // Known only by searching.
        }
      }
    }
    var candidates: [Candidate] = []
    try stages.run(&candidates) { progress($0, precisionShare + (1 - precisionShare) * $1) }
    return candidates
  }

  /// A plan to make.
  private struct Point {
    var name: String
    /// As the file and the report name it.
    var method: String
    var request: CompileRequest
    /// What the plan says was asked for.
    var text: String
  }

  private func points(
    _ request: Request, _ precision: PrecisionAssignment?, refits: Bool
  ) throws -> [Point] {
    let dense = CompileRequest(.dense, options: request.options)
    var points = [Point(name: "dense", method: "dense", request: dense, text: dense.text(of: .sweep))]
    let whole = try schedule(dense, precision, refits: refits)
    if let halting = request.methods.first(where: { $0.halting != nil }) {
      // No cap and every token: the worst case is the dense plan's, the mean is what counts.
      var uncapped = try point(request, halting, 1)
      uncapped.request.goal = try CompileGoal(.dense, method: .given(nil, halting: halting.halting))
      points.append(uncapped)
    }
    for method in request.methods {
      var last = whole
      /// Of equal schedules the largest speedup counts; keeping every token in every layer is the dense plan.
      func add(_ point: Point) throws {
        let schedule = try schedule(point.request, precision, refits: refits)
        if schedule == whole { return }
        if schedule == last { points.removeLast() }
        last = schedule
        points.append(point)
      }
      for factor in request.factors {
        let point = try point(request, method, factor)
        if method.name == .search {
          points.append(point)
          continue
        }
        do {
          try add(point)
        } catch PlanningError.infeasible(let diagnostic) {
          // The highest reachable speedup, rounded down to two decimals for the file name.
          let most = (diagnostic.bestSpeedup * 100).rounded(.down) / 100
          if most > 1 { try? add(self.point(request, method, most)) }
          break
        }
      }
    }
    return points
  }

  private func point(_ request: Request, _ method: CompileMethod, _ factor: Double) throws -> Point {
    let target: PlanningTarget = request.isInWork ? .workSpeedup(factor) : .speedup(factor)
    let compiled = CompileRequest(
      try CompileGoal(.reach(target), method: method), options: request.options)
    let name = method.name.rawValue
    return Point(
      name: "\(name)-\(ValueText.short(factor))x", method: name, request: compiled,
      text: compiled.text(of: .sweep))
  }

  /// Of the plan that reaches the target, restoring dropped tokens or, where the request leaves that open, not.
  private func schedule(
    _ request: CompileRequest, _ precision: PrecisionAssignment?, refits: Bool
  ) throws -> Schedule {
    let planning = try compiler.planning(request, precision: precision, refits: refits)
    if compiler.mayChooseRestoring(request), planning.lens == nil,
      !refits || planning.halting != nil
    {
      return try compiler.restorings(of: planning).reached[0].plan.schedule
    }
    return try Planner.schedule(
      planning, model: compiler.model, calibration: compiler.calibration, cost: compiler.cost)
  }

  /// Writes the plans and the one weights file they share into `folder`, as `<name>.plan`, and loads them from there.
  public static func write(_ candidates: [Candidate], to folder: String) throws -> [LoadedPlan] {
    let shared = SharedWeights(candidates.map(\.outcome.planned))
    let written = try PlanWriter.writeWeightsFile(shared.index, inFolder: folder, weights: shared.source)
    return try zip(candidates, shared.plans(over: written.index)).map { candidate, plan in
      let path = "\(folder)/\(candidate.name).plan"
      try PlanWriter.write(plan, to: path)
      return try LoadedPlan(path: path, weightsPath: written.path)
    }
  }

  /// What each plan's answers are worth.
  ///
  /// - Parameters:
  ///   - test: labelled texts; nil: those held out when the heads were refitted, or else the dense model's answers to
  ///     the calibration texts.
  ///   - refit: the labelled samples that heads were refitted on.
  public func accuracies(
    _ candidates: [Candidate], _ plans: [LoadedPlan], test: [TextRow]?, refit: [TokenizedSample]?,
    by measure: AnswerMeasure, progress: (Double) -> Void
  ) throws -> (evidence: SweepReport.Evidence, accuracies: [AccuracyAudit?]) {
    let evidence: SweepReport.Evidence =
      test != nil ? .test : refit != nil ? .heldOut : compiler.calibration != nil ? .calibration : .none
    // What was fitted to some of the calibration's texts is judged, with all others, on the rest.
    let fits = candidates.contains {
      $0.outcome.planned.plan.ops.contains { [.wordScores, .spread].contains($0.kind) }
    }
    let accuracies = try plans.enumerated().map { place, plan -> AccuracyAudit? in
      let outcome = candidates[place].outcome
      if evidence == .heldOut, outcome.head != nil { return outcome.heldOut?.audit }
      guard let samples = try judging(plan.plan, test, refit, measure, fits: fits) else { return nil }
      let answers = try PlanExecution(plan).results(of: samples) { done, total in
        progress((Double(place) + Double(done) / Double(max(1, total))) / Double(plans.count))
      }
      return AnswerJudge.judge(samples, answers, plan.plan.head, by: measure)
    }
    return (evidence, accuracies)
  }

  /// The texts that judge a plan, with their right answers or the dense model's.
  private func judging(
    _ plan: Plan, _ test: [TextRow]?, _ refit: [TokenizedSample]?, _ measure: AnswerMeasure, fits: Bool
  ) throws -> [AuditSample]? {
    if let test { return try AuditSample.tokenized(test, for: plan, by: measure) }
    if let refit { return try AuditSample.heldOut(of: refit, for: plan) }
    let judge = fits ? try compiler.settingTextsApart() : compiler
    guard let calibration = judge.calibration else { return nil }
    return try compiler.referenced(AuditSample.calibrated(calibration, for: plan), for: plan)
  }

  /// Predicted time of the calibration's texts, each at its own length, counts and depth, mean; nil without a
  /// calibration.
  public func expectedTime(_ planned: PlannedModel) -> Nanoseconds? {
    if let halting = planned.plan.halting { return halting.measured?.time.mean }
    if let expectations = planned.plan.expectations { return expectations.overall.mean }
    let times = compiler.calibration?.samples.compactMap { sample in
      sample.ids.count <= planned.plan.schedule.maximumLength
        ? planned.plan.predictions.lengths[sample.ids.count - 1].planned.time : nil
    }
    return times.flatMap { $0.isEmpty ? nil : ExpectedTime($0).mean }
  }
}
