package import TaperAuditor
internal import TaperModelSpec
package import TaperPlanFormat
internal import TaperPlanRuntime
public import TaperPlanner

extension PlanCompiler {
  /// Calibration texts that judge an assignment: enough to tell half a point apart, few enough to try every product.
  private static let judgingTexts = 200

  /// Share of the agreement with f32 that may be lost where the request does not say.
  static let precisionDrop = 0.003

  /// A precision for every product, and what else was considered.
  struct FoundPrecision {
    var precision: PrecisionAssignment
    var candidates: [PlanCandidate]
  }

  /// The precision of every product where the options leave it open, for plans whose targets are not known yet; nil
  /// where they do not.
  /// - Parameter maximumDrop: share of the agreement with f32 that may be lost.
  public func choosePrecision(
    _ options: CompileOptions, maximumDrop: Double?, progress: Progress
  ) throws -> PrecisionAssignment? {
    guard options.precision == .auto else { return nil }
    let request = CompileRequest(.dense, options: options)
    var stages = Stages<Draft>()
    stages.add("precision of products") { draft, report in
      draft.planning.precision = try choosePrecision(
        draft.planning, maximumDrop: maximumDrop ?? Self.precisionDrop, progress: report
      ).precision
    }
    var draft = Draft(planning: try planning(request, precision: nil, refits: false))
    try stages.run(&draft, progress: progress)
    return draft.planning.precision
  }

  /// The request's plan in its precision, as one that was not taken; nil when it keeps every token in every layer.
  func reducedCandidate(_ request: PlanningRequest) throws(PlanningError) -> PlanCandidate? {
    let kind = PlanCandidate.Kind.precision(request.precision)
    let plan: Plan
    do throws(PlanningError) {
      plan = try Planner.outline(request, model: model, calibration: calibration, cost: cost)
    } catch {
      guard let candidate = PlanCandidate(kind, infeasible: error) else {
        if case .lengthNotCovered = error { return PlanCandidate(kind, reason: .dropsTokens) }
        throw error
      }
      return candidate
    }
    let isDense = !plan.schedule.reducesAnywhere && plan.schedule.layerCount == Int(model.shape.layers)
    return isDense ? nil : PlanCandidate(kind, plan: plan, reason: .dropsTokens)
  }

  /// The fastest precision of every product, as predicted, that loses at most `maximumDrop` of the agreement with the
  /// same dense plan in f32 on calibration texts.
  ///
  /// Judged on the dense plan whatever the target: which tokens are dropped follows from the precision, not the
  /// reverse. Keep counts that are given are kept. When what is found takes more memory than the request allows: the
  /// first precision for all products, from the most precise down, that meets the target, fits and loses no more.
  /// - Throws: `precisionNeedsCalibration`, `noPrecisionFits`, the planner's and the runtime's errors.
  func choosePrecision(
    _ request: PlanningRequest, maximumDrop: Double, progress: Report
  ) throws -> FoundPrecision {
    guard let calibration else { throw WorkflowError.precisionNeedsCalibration }
    var dense = request
    if dense.method.target != nil { dense.method = .dense }
    dense.halting = nil
    dense.memory = MemoryCeiling()
    func planned(_ precision: PrecisionAssignment) throws(PlanningError) -> PlannedModel {
      dense.precision = precision
      return try plan(dense)
    }
    var times: [String: [Precision: UInt64]] = [:]
    var names: [String] = []
    for precision in Precision.allCases {
      let plan: Plan
      do throws(PlanningError) {
        plan = try planned(PrecisionAssignment(precision)).plan
      } catch {
        // A precision that the profile did not measure is left out.
        guard case .precisionNotMeasured = error else { throw error }
        continue
      }
      let found = plan.productTimes
      if precision == .f32 { names = found.map(\.name) }
      for (name, time) in found { times[name, default: [:]][precision] = time }
    }
    let exact = try planned(PrecisionAssignment())
    var samples = SeededSubset.elements(
      of: AuditSample.calibrated(calibration, for: exact.plan), limit: Self.judgingTexts, seed: 1)
    func results(_ planned: PlannedModel) throws -> [[Float]] {
      try PlanExecution(LoadedPlan(planned)).results(of: samples)
    }
    for (place, answer) in try results(exact).enumerated() { samples[place].reference = answer }
    func damage(_ precision: PrecisionAssignment) throws -> PrecisionSearch.Damage {
      PrecisionSearch.Damage(try results(planned(precision)), to: samples, head: exact.plan.head)
    }
    let search = PrecisionSearch(
      products: names.map { PrecisionSearch.Product(name: $0, times: times[$0] ?? [:]) },
      allowed: maximumDrop, measure: damage)
    let found = try search.run { done, total in
      progress("\(done) of \(total)", Double(done) / Double(max(1, total)))
    }
    guard request.memory != MemoryCeiling() else { return FoundPrecision(precision: found, candidates: []) }
    var candidates: [PlanCandidate] = []
    for precision in [found] + Precision.allCases.map({ PrecisionAssignment($0) }) {
      if precision == found, !candidates.isEmpty { continue }
      let candidate = try candidate(request, precision) {
        let lost = precision == found ? nil : try damage(precision).lost
        return (lost, lost ?? 0 <= maximumDrop ? nil : .inaccurate(allowed: maximumDrop))
      }
      guard let candidate else { continue }
      candidates.append(candidate)
      if candidate.reason == nil { return FoundPrecision(precision: precision, candidates: candidates) }
    }
    throw WorkflowError.noPrecisionFits(candidates)
  }

  /// The request's plan in that precision, judged if there can be one; nil for a precision that was not measured.
  private func candidate(
    _ request: PlanningRequest, _ precision: PrecisionAssignment,
    judging judge: () throws -> (lost: Double?, reason: PlanCandidate.Reason?)
  ) throws -> PlanCandidate? {
    var request = request
    request.precision = precision
    let plan: Plan
    do throws(PlanningError) {
      plan = try Planner.outline(request, model: model, calibration: calibration, cost: cost)
    } catch {
      if case .precisionNotMeasured = error { return nil }
      guard let candidate = PlanCandidate(.precision(precision), infeasible: error) else { throw error }
      return candidate
    }
    let (lost, reason) = try judge()
    return PlanCandidate(.precision(precision), plan: plan, lost: lost, reason: reason)
  }
}

extension PrecisionSearch.Damage {
  /// Of a plan's answers against those of the same plan in f32, which the samples hold.
  package init(_ answers: [[Float]], to samples: [AuditSample], head: Head) {
    let agreement = AnswerJudge.judge(samples, answers, head)?.agreement ?? 0
    var error = 0.0
    for (answer, expected) in zip(answers, samples.map { $0.reference ?? [] }) {
      let norm = expected.reduce(0) { $0 + Double($1) * Double($1) }
      let difference = zip(answer, expected).reduce(0.0) { sum, pair in
        let difference = Double(pair.0) - Double(pair.1)
        return sum + difference * difference
      }
      error += norm > 0 ? difference / norm : difference
    }
    self.init(lost: max(0, 1 - agreement), error: error / Double(max(1, answers.count)))
  }
}

extension Plan {
  /// The encoder's products by their weights' names, in order, with predicted times summed over the reference lengths;
  /// an encoding counts for the first product that reads it.
  fileprivate var productTimes: [(name: String, time: UInt64)] {
    var encoding: UInt64 = 0
    var times: [(name: String, time: UInt64)] = []
    for (number, op) in ops.enumerated() where schedule.layers.contains(Int(op.layer)) {
      let time = predictions.referenceLengths.indices.reduce(UInt64(0)) {
        $0 + predictions.ops[$1 * ops.count + number].time.rawValue
      }
      if op.kind == .encode { encoding += time }
      guard op.kind.isProduct else { continue }
      times.append((weights.entries[Int(op.weight.rawValue)].name, time + encoding))
      encoding = 0
    }
    return times
  }
}
