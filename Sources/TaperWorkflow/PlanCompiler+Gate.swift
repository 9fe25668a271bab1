internal import TaperPlanFormat
internal import TaperPlanRuntime
internal import TaperPlanner

/// What a refused plan's user wants to know next: how fast a plan can be that passes.
extension PlanCompiler {
  /// Plans that are tried for it.
  private static let gateSteps = 4

  /// The refusal, with the fastest plan of the same method and precision that was found to pass: the target is relaxed
  /// by bisection between the request's and the dense plan's. Without it where nothing between them can be tried.
  ///
  /// - Parameter loss: of a plan on the texts that the gate judged on; nil where there is no telling.
  func naming(
    _ refusal: WorkflowError, for request: CompileRequest, _ planning: PlanningRequest, refused plan: Plan,
    progress: Report, passes: (LoadedPlan) throws -> Bool
  ) throws -> WorkflowError {
    guard case .accuracyGateFailed(let accuracy, let allowed, let canLowerPrecision, _) = refusal,
      case .reach(let target) = request.goal.target,
      request.goal.method.name != .search, let widest = plan.slack(to: target)
    else { return refusal }
    var found: Nanoseconds?
    var (failing, passing) = (1.0, widest)
    for step in 0..<Self.gateSteps {
      progress("\(step + 1) of \(Self.gateSteps)", Double(step) / Double(Self.gateSteps))
      let middle = (failing * passing).squareRoot()
      var relaxed = planning
      relaxed.method = request.goal.method.planning(target.relaxed(by: middle))
      let planned: PlannedModel
      do throws(PlanningError) { planned = try self.plan(relaxed) } catch {
        guard error.isInfeasible else { throw error }
        failing = middle
        continue
      }
      if try passes(LoadedPlan(planned)) {
        passing = middle
        // Dropping tokens takes time too: what is not faster than the dense plan is no find.
        found = planned.plan.predictions.lengths.last.flatMap {
          $0.planned.time < $0.denseTime ? $0.planned.time : nil
        }
      } else {
        failing = middle
      }
    }
    let dense = plan.predictions.lengths.last?.denseTime
    return .accuracyGateFailed(
      accuracy, allowed: allowed, canLowerPrecision: canLowerPrecision,
      reachable: (found ?? dense).map {
        .init(time: $0, tokens: plan.schedule.maximumLength, isDense: found == nil)
      })
  }
}

extension PlanningTarget {
  /// The target with times longer, or a speedup less, by a factor.
  fileprivate func relaxed(by factor: Double) -> PlanningTarget {
    switch self {
    case .speedup(let speedup): return .speedup(max(1, speedup / factor))
    case .workSpeedup(let speedup): return .workSpeedup(max(1, speedup / factor))
    case .times(var limits):
      for step in limits.steps.indices {
        limits.steps[step].time = Nanoseconds(UInt64(Double(limits.steps[step].time.rawValue) * factor))
      }
      switch limits.average {
      case .time(let time): limits.average = .time(Nanoseconds(UInt64(Double(time.rawValue) * factor)))
      case .throughput(let rate): limits.average = .throughput(rate / factor)
      case nil: break
      }
      return .times(limits)
    }
  }
}

extension Plan {
  /// The factor by which a target is relaxed until the dense plan meets it; nil when that is not above 1.
  fileprivate func slack(to target: PlanningTarget) -> Double? {
    let factor: Double
    switch target {
    case .speedup(let speedup), .workSpeedup(let speedup): factor = speedup
    case .times(let limits):
      let ratios = predictions.lengths.enumerated().map { index, prediction in
        let deadline = limits.deadline(index + 1)
        return deadline == 0 ? 1 : Double(prediction.denseTime.rawValue) / Double(deadline)
      }
      // An average is relaxed as far as no length needs more.
      let dense = predictions.lengths.map { Double($0.denseTime.rawValue) }.max() ?? 0
      factor = max(ratios.max() ?? 1, limits.average.map { dense / $0.nanoseconds } ?? 1)
    }
    return factor > 1 && factor.isFinite ? factor : nil
  }
}
