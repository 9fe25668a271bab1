internal import TaperCalibration
internal import TaperModelSpec
internal import TaperPlanFormat
internal import TaperPlanner

/// Whether a head that stays as it was trained reads all tokens' last states or the kept ones' alone (ours).
///
/// A head that is fitted again wants them all: what dropped tokens knew is then in its features, at no cost (methods, "Restore
/// and refit"). A head as it was trained takes every state for one of its own layer, and what an earlier layer made of a
/// dropped token is none: of MiniLM-L6 fine-tuned on 20 Newsgroups and planned at 2x (int8), the restored mean answers 64% of the
/// test texts and the mean of kept tokens 78%, where the dense plan answers 82%. Elsewhere restoring wins, and no
/// rule by the kind of model tells where (specs/decisions/0011). So both are planned for the same target and judged on calibration texts. A model that was trained with
/// restoring is restored.
extension PlanCompiler {
  func mayChooseRestoring(_ request: PlanningRequest) -> Bool {
    request.choosesRestoring && model.head.pooling == .mean && model.tuned?.restoresDroppedTokens != true
      && calibration != nil
  }

  /// The request with the better of both, and both with what they are worth; as it was, and none, when it drops nothing.
  func choosingRestoring(
    _ request: PlanningRequest, progress: RunProgress
  ) throws -> (PlanningRequest, [PlanCandidate]) {
    let stage = "dropped tokens in the mean or not"
    guard try Planner.schedule(request, model: model, calibration: calibration, cost: cost).reducesAnywhere
    else {
      for _ in 0..<2 { progress(stage, 1, 1) }
      return (request, [])
    }
    var judge = CandidateJudge(compiler: self, labelled: nil, maximumLength: request.maximumLength)
    var choices: [(request: PlanningRequest, score: SearchTrial.Score)] = []
    for restores in [true, false] {
      var request = request
      request.restoresDroppedTokens = restores
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
        choice.request.restoresDroppedTokens ? "all tokens' last states" : "kept tokens' states",
        predicted: choice.score.worst, lost: isTaken ? nil : best.metric - choice.score.metric,
        reason: isTaken ? nil : .worse(texts: best.heldOut))
    }
    return (choices[restores ? 0 : 1].request, candidates)
  }
}
