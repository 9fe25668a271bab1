public import TaperAuditor
public import TaperCalibration
internal import TaperHeadFitting
public import TaperPlanFormat
public import TaperPlanRuntime
public import TaperPlanner

/// From one checkpoint and one calibration to plans from 1x to the highest speedup, on one weights file, each measured
/// (specs/planning.md, "Sweep").
public struct Sweep {
  public struct Request {
    /// What all plans have in common; its target, method and depth are not read.
    public var base: PlanningRequest
    public var methods: [PlanningMethod]
    /// Speedups wished for, ascending, each above 1.
    public var factors: [Double]
    /// Whether they are of work (the published form) instead of predicted time.
    public var isInWork: Bool

    public init(base: PlanningRequest, methods: [PlanningMethod], factors: [Double], isInWork: Bool) {
      self.base = base
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
  /// equal schedules of a method the one of the largest wish.
  ///
  /// - Parameters:
  ///   - refit: labelled samples to refit every plan's head on; nil keeps the model's head.
  ///   - search: how method `search` goes about each plan.
  /// - Throws: as `PlanCompiler.compile`, but for targets out of reach.
  public func candidates(
    _ request: Request, refit: [TokenizedSample]?, search: () -> PlanCompiler.SearchOptions,
    progress: PlanCompiler.Progress
  ) throws -> [Candidate] {
    let wishes = try wishes(request, refits: refit != nil)
    var candidates: [Candidate] = []
    for (place, wish) in wishes.enumerated() {
      do {
        // Halting keeps the heads that were trained together.
        let outcome = try compiler.compile(
          wish.request, refit: wish.request.method.halts ? nil : refit, search: search()
        ) { stage, fraction in
          progress("\(wish.name): \(stage)", (Double(place) + fraction) / Double(wishes.count))
        }
        candidates.append(
          Candidate(
            name: wish.name, method: place == 0 ? "dense" : wish.request.method.rawValue, outcome: outcome))
      } catch PlanningError.infeasible where wish.request.method == .search {
        continue  // known only by searching
      }
      progress(wish.name, Double(place + 1) / Double(wishes.count))
    }
    return candidates
  }

  private struct Wish {
    var name: String
    var request: PlanningRequest
  }

  private func wishes(_ request: Request, refits: Bool) throws -> [Wish] {
    var dense = request.base
    dense.target = .dense
    dense.method = .acc
    dense.requestText = "--dense " + request.base.requestText
    var wishes = [Wish(name: "dense", request: dense)]
    let whole = try schedule(dense, refits: refits)
    if let halting = request.methods.first(where: \.halts) {
      // No cap and every token: the worst case is the dense plan's, the mean is what counts.
      var uncapped = wish(request, halting, 1)
      uncapped.request.target = .dense
      wishes.append(uncapped)
    }
    for method in request.methods {
      var last = whole
      /// Of equal schedules the largest wish counts; keeping every token in every layer is the dense plan.
      func add(_ wish: Wish) throws(PlanningError) {
        let schedule = try schedule(wish.request, refits: refits)
        if schedule == whole { return }
        if schedule == last { wishes.removeLast() }
        last = schedule
        wishes.append(wish)
      }
      for factor in request.factors {
        let wish = wish(request, method, factor)
        if method == .search {
          wishes.append(wish)
          continue
        }
        do throws(PlanningError) {
          try add(wish)
        } catch {
          guard case .infeasible(let diagnostic) = error else { throw error }
          // The most there is, rounded down to what a file name can say.
          let most = (diagnostic.bestSpeedup * 100).rounded(.down) / 100
          if most > 1 { try? add(self.wish(request, method, most)) }
          break
        }
      }
    }
    return wishes
  }

  private func wish(_ request: Request, _ method: PlanningMethod, _ factor: Double) -> Wish {
    var planning = request.base
    planning.method = method
    planning.target = request.isInWork ? .workSpeedup(factor) : .speedup(factor)
    let times = factor == factor.rounded() ? "\(Int(factor))x" : "\(factor)x"
    var words = [request.isInWork ? "--flops-speedup" : "--speedup", times, "--method", method.rawValue]
    if method.halts || method == .search { words += ["--halting-rule", planning.haltingRule.rawValue] }
    if method.selects { words += ["--selection", planning.selection.rawValue] }
    planning.requestText = (words + [request.base.requestText]).joined(separator: " ")
    return Wish(name: "\(method.rawValue)-\(times)", request: planning)
  }

  /// Of the plan that reaches the target, restoring dropped tokens or, where the request leaves that open, not.
  private func schedule(_ request: PlanningRequest, refits: Bool) throws(PlanningError) -> Schedule {
    if compiler.mayChooseRestoring(request), !refits || request.method.halts {
      return try compiler.restorings(of: request).reached[0].plan.schedule
    }
    return try Planner.schedule(
      request, model: compiler.model, calibration: compiler.calibration, cost: compiler.cost)
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
  ///   - test: labelled texts; nil: what was held out when the heads were refitted, or else the dense model's answers to
  ///     the calibration texts.
  ///   - refit: the labelled samples that heads were refitted on.
  public func accuracies(
    _ candidates: [Candidate], _ plans: [LoadedPlan], test: [TextRow]?, refit: [TokenizedSample]?,
    progress: (Double) -> Void
  ) throws -> (evidence: SweepReport.Evidence, accuracies: [AccuracyAudit?]) {
    let evidence: SweepReport.Evidence =
      test != nil ? .test : refit != nil ? .heldOut : compiler.calibration != nil ? .calibration : .none
    let accuracies = try plans.enumerated().map { place, plan -> AccuracyAudit? in
      if evidence == .heldOut, let report = candidates[place].outcome.head?.report { return report.audit }
      guard let samples = try judging(plan.plan, test, refit) else { return nil }
      let answers = try PlanExecution(plan).results(of: samples.map(\.tokenized)) { done, total in
        progress((Double(place) + Double(done) / Double(max(1, total))) / Double(plans.count))
      }
      return AnswerJudge.judge(samples, answers, plan.plan.head)
    }
    return (evidence, accuracies)
  }

  /// The texts that judge a plan, with their right answers or the dense model's.
  private func judging(_ plan: Plan, _ test: [TextRow]?, _ refit: [TokenizedSample]?) throws -> [AuditSample]?
  {
    if let test { return try AuditSample.tokenized(test, for: plan) }
    if let refit { return try AuditSample.heldOut(of: refit, for: plan) }
    guard let calibration = compiler.calibration else { return nil }
    return try compiler.referenced(AuditSample.calibrated(calibration, for: plan), for: plan)
  }

  /// Predicted time of the calibration's texts, each at its own length, counts and depth, mean; nil without a calibration.
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

extension FitReport {
  /// The held-out figure as an audit of answers; nil when nothing, or no share, was measured.
  fileprivate var audit: AccuracyAudit? {
    guard let heldOut, let interval = heldOut.interval else { return nil }
    return AccuracyAudit(
      metric: .accuracy, dense: nil, planned: heldOut.value, interval: interval, agreement: nil,
      count: heldOutExamples)
  }
}
