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
/// model tells where (specs/decisions/0011). So both are planned for the same target and judged on calibration texts,
/// and a lens beside them where there are texts to fit it to. A model that was trained with restoring is restored, one
/// that was trained on chosen words reads these alone.
extension PlanCompiler {
  func mayChooseRestoring(_ request: CompileRequest) -> Bool {
    if request.goal.method.name.choosesWords, model.tuned?.lexical != nil { return false }
    return request.options.readOut == .auto && model.head.pooling.joinsTokens
      && model.tuned?.restoresDroppedTokens != true && calibration != nil
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
        let candidate = PlanCandidate(.readOut(restores ? .restored : .kept), infeasible: error)
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
      let candidate = PlanCandidate(.readOut(taken.request.readOut), plan: taken.plan)
      return (taken.request, infeasible + [candidate])
    }
    var judge = CandidateJudge(
      compiler: self, labelled: nil, maximumLength: request.maximumLength, by: measure)
    var choices: [(request: PlanningRequest, score: SearchTrial.Score)] = []
    let ways = try reached.map(\.request) + lensed(reached[0].request)
    for (place, request) in ways.enumerated() {
      let score = try judge.score(request, texts: Self.evidenceTexts) { done, total in
        progress.texts(place * total + done, ways.count * total)
      }
      guard let score else { return (request, []) }
      choices.append((request, score))
    }
    // Of equals the first.
    let best = choices.indices.reversed().max { first, second in
      let (a, b) = (choices[first].score, choices[second].score)
      return (a.metric, -a.loss) < (b.metric, -b.loss)
    }
    guard let best else { return (request, []) }
    let candidates = choices.enumerated().map { place, choice in
      PlanCandidate(
        .readOut(choice.request.readOut), predicted: choice.score.worst,
        lost: place == best ? nil : choices[best].score.metric - choice.score.metric,
        reason: place == best ? nil : .worse(texts: choices[best].score.heldOut))
    }
    return (choices[best].request, candidates)
  }

  /// The request with a lens; none where its head cannot read one or there are too few texts to fit one.
  private func lensed(_ request: PlanningRequest) throws -> [PlanningRequest] {
    guard mayReadLens(request), fittingTexts.count >= LensFit.fewestTexts else { return [] }
    var request = request
    request.lens = Lens()
    do throws(PlanningError) {
      _ = try Planner.outline(request, model: model, calibration: calibration, cost: cost)
    } catch {
      if error.isInfeasible { return [] }
      throw error
    }
    do {
      return [try fittingLens(request) { _, _ in }]
    } catch WorkflowError.lensNeedsTexts {
      return []
    }
  }
}

extension PlanningRequest {
  fileprivate var readOut: CompileOptions.ReadOut {
    lens != nil ? .lens : restoresDroppedTokens ? .restored : .kept
  }
}
