internal import TaperCalibration
internal import TaperModelSpec
internal import TaperPlanFormat
internal import TaperPlanner

/// Whether a head that stays as it was trained reads all tokens' last states or the kept ones' alone (ours).
///
/// A head that is fitted again wants them all: what dropped tokens knew is then in its features, at no cost. A head as it was trained takes every state for one of its own layer, and what an earlier layer made of a
/// dropped token is none: of MiniLM-L6 fine-tuned on 20 Newsgroups and planned at 2x (int8), the restored mean answers 64% of the
/// test texts and the mean of kept tokens 78%, where the dense plan answers 82%. Elsewhere restoring wins, and no
/// rule by the kind of model tells where (specs/decisions/0011). So both are planned for the same target and judged on calibration texts.
/// A model that was trained with restoring is restored.
extension PlanCompiler {
  func mayChooseRestoring(_ request: PlanningRequest) -> Bool {
    request.choosesRestoring && model.head.pooling == .mean && model.tuned?.restoresDroppedTokens != true
      && calibration != nil
  }

  /// A way to treat dropped tokens that reaches the target.
  typealias Restoring = (request: PlanningRequest, plan: Plan)

  /// Both ways that a request leaves open, restoring first: those that reach the target, and those that do not.
  /// - Throws: where neither does, what is wrong with the way that is the cheaper: the kept tokens' mean.
  func restorings(
    of request: PlanningRequest
  ) throws(PlanningError) -> (reached: [Restoring], unmet: [PlanCandidate]) {
    var reached: [Restoring] = []
    var unmet: [PlanCandidate] = []
    for restores in [true, false] {
      var request = request
      request.restoresDroppedTokens = restores
      do throws(PlanningError) {
        let plan = try Planner.outline(request, model: model, calibration: calibration, cost: cost)
        reached.append((request, plan))
      } catch {
        let candidate = PlanCandidate(Self.name(restores), unmet: error)
        guard let candidate, restores || !reached.isEmpty else { throw error }
        unmet.append(candidate)
      }
    }
    return (reached, unmet)
  }

  private static func name(_ restores: Bool) -> String {
    restores ? "all tokens' last states" : "kept tokens' states"
  }

  /// The request with the better of both, and both with what they are worth; with the one that reaches the target, where one
  /// does; and as it was, and none, when it drops nothing.
  func choosingRestoring(
    _ request: PlanningRequest, progress: RunProgress
  ) throws -> (PlanningRequest, [PlanCandidate]) {
    let stage = "dropped tokens in the mean or not"
    let (reached, unmet) = try restorings(of: request)
    // A plan says that it restores when it drops tokens at all, selectors by threshold whatever their ceilings.
    guard reached.count == 2, reached[0].plan.schedule.restoresDroppedTokens else {
      for _ in 0..<2 { progress(stage, 1, 1) }
      guard !unmet.isEmpty else { return (request, []) }
      let taken = reached[0]
      let candidate = PlanCandidate(Self.name(taken.request.restoresDroppedTokens), plan: taken.plan)
      return (taken.request, unmet + [candidate])
    }
    var judge = CandidateJudge(compiler: self, labelled: nil, maximumLength: request.maximumLength)
    var choices: [(request: PlanningRequest, score: SearchTrial.Score)] = []
    for (request, _) in reached {
      let score = try judge.score(request, texts: Self.evidenceTexts) { progress(stage, $0, $1) }
      guard let score else { return (request, []) }
      choices.append((request, score))
    }
    let (restored, kept) = (choices[0].score, choices[1].score)
    let restores = (restored.metric, -restored.loss) > (kept.metric, -kept.loss)
    let best = restores ? restored : kept
    let candidates = choices.map { choice in
      let isTaken = choice.request.restoresDroppedTokens == restores
      return PlanCandidate(
        Self.name(choice.request.restoresDroppedTokens),
        predicted: choice.score.worst, lost: isTaken ? nil : best.metric - choice.score.metric,
        reason: isTaken ? nil : .worse(texts: best.heldOut))
    }
    return (choices[restores ? 0 : 1].request, candidates)
  }
}
