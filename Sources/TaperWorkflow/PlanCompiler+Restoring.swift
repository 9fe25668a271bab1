internal import TaperAuditor
internal import TaperCalibration
internal import TaperModelSpec
internal import TaperPlanFormat
internal import TaperPlanner

/// Whether a head that stays as it was trained reads all tokens' last states or only those of the kept ones (ours).
///
/// A head that is fitted again reads them all: what dropped tokens knew is then in its features, at no cost. A head as
/// it was trained expects states of the last layer, and a dropped token's state is of an earlier one: of MiniLM-L6
/// fine-tuned on 20 Newsgroups and planned at 2x (int8), the restored mean answers 64% of the test texts correctly and
/// the mean of kept tokens 78%, where the dense plan answers 82%. Elsewhere restoring wins, and no rule by the kind of
/// model tells where (specs/decisions/0011). So both are planned for the same target and judged on calibration texts. A
/// model that was trained with restoring is restored.
extension PlanCompiler {
  func mayChooseRestoring(_ restoring: CompileOptions.Restoring) -> Bool {
    restoring == .auto && model.head.pooling.joinsTokens && model.tuned?.restoresDroppedTokens != true
      && calibration != nil
  }

  /// A way to treat dropped tokens that reaches the target.
  typealias Restoring = (request: PlanningRequest, plan: Plan)

  /// Both ways that a request leaves open, restoring first: those that reach the target, and those that do not.
  /// - Throws: where neither does, what is wrong with the cheaper way: the kept tokens' mean.
  func restorings(
    of request: PlanningRequest
  ) throws(PlanningError) -> (reached: [Restoring], infeasible: [PlanCandidate]) {
    var reached: [Restoring] = []
    var infeasible: [PlanCandidate] = []
    for restores in [true, false] {
      var request = request
      request.restoresDroppedTokens = restores
      do throws(PlanningError) {
        let plan = try Planner.outline(request, model: model, calibration: calibration, cost: cost)
        reached.append((request, plan))
      } catch {
        let candidate = PlanCandidate(.restoring(restores), infeasible: error)
        guard let candidate, restores || !reached.isEmpty else { throw error }
        infeasible.append(candidate)
      }
    }
    return (reached, infeasible)
  }

  /// The request with the better of both, and both with what they are worth; with the one that reaches the target,
  /// where only one does; unchanged, and no candidates, when it drops nothing.
  func choosingRestoring(
    _ request: PlanningRequest, by measure: AnswerMeasure, progress: Report
  ) throws -> (PlanningRequest, [PlanCandidate]) {
    let (reached, infeasible) = try restorings(of: request)
    // A plan that drops nothing does not say that it restores; one whose selectors act by threshold always says so.
    guard reached.count == 2, reached[0].plan.schedule.restoresDroppedTokens else {
      guard !infeasible.isEmpty else { return (request, []) }
      let taken = reached[0]
      let candidate = PlanCandidate(.restoring(taken.request.restoresDroppedTokens), plan: taken.plan)
      return (taken.request, infeasible + [candidate])
    }
    var judge = CandidateJudge(
      compiler: self, labelled: nil, maximumLength: request.maximumLength, by: measure)
    var choices: [(request: PlanningRequest, score: SearchTrial.Score)] = []
    for (place, (request, _)) in reached.enumerated() {
      let score = try judge.score(request, texts: Self.evidenceTexts) { done, total in
        progress.texts(place * total + done, 2 * total)
      }
      guard let score else { return (request, []) }
      choices.append((request, score))
    }
    let (restored, kept) = (choices[0].score, choices[1].score)
    let restores = (restored.metric, -restored.loss) > (kept.metric, -kept.loss)
    let best = restores ? restored : kept
    let candidates = choices.map { choice in
      let isTaken = choice.request.restoresDroppedTokens == restores
      return PlanCandidate(
        .restoring(choice.request.restoresDroppedTokens),
        predicted: choice.score.worst, lost: isTaken ? nil : best.metric - choice.score.metric,
        reason: isTaken ? nil : .worse(texts: best.heldOut))
    }
    return (choices[restores ? 0 : 1].request, candidates)
  }
}
