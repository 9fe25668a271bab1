package import TaperPlanFormat
package import TaperPlanner

/// Method `search` (ours): which method meets the target at the least loss on this task: depth, tokens (by attention or
/// by trained selectors), halting, precision, or several together.
///
/// A candidate is a point of `SearchSpace`. Its keep counts follow from the target, so all candidates are compared at
/// equal predicted time in the worst case. Each is judged on texts (`CandidateJudge`), in rounds of successive halving:
/// every candidate on few texts, the best by loss (which separates close candidates where accuracy cannot) on more, the
/// last few on all. In the last round the metric decides; of equal metrics the smaller expected time. What method `acc`
/// would plan comes first in every round, so the search never does worse than it on the texts that decide. Seeded; the
/// same inputs give the same plan unless a time limit ends it early.
package struct MethodSearch {
  /// Labelled texts of each round (the last takes all) and the share of candidates it passes on.
  package static let rounds = [(texts: 500, survivors: 0.3), (texts: 1_500, survivors: 0.4)]

  /// How a request's plan does on so many texts.
  package typealias Judge = (_ request: PlanningRequest, _ texts: Int) throws -> SearchTrial.Score?

  let space: SearchSpace
  let texts: Int
  var cache: SearchCache?
  let isOver: () -> Bool
  /// Nil when the target is out of the candidate's reach.
  let schedule: (PlanningRequest) throws -> Schedule?
  let judge: Judge

  package init(
    _ space: SearchSpace, texts: Int, cache: SearchCache? = nil,
    isOver: @escaping () -> Bool = { false }, schedule: @escaping (PlanningRequest) throws -> Schedule?,
    judge: @escaping Judge
  ) {
    self.space = space
    self.texts = texts
    self.cache = cache
    self.isOver = isOver
    self.schedule = schedule
    self.judge = judge
  }

  /// Everything that was tried, best first: by the last round each reached, then by how it did there.
  package mutating func run(progress: (_ round: Int, _ rounds: Int, _ done: Int, _ of: Int) -> Void) throws
    -> [SearchTrial]
  {
    var field = try candidates()
    // A round of nearly all texts would only be the last one twice.
    let sizes = Self.rounds.map(\.texts).filter { 4 * $0 <= 3 * texts } + [texts]
    var found: [SearchTrial] = []
    for (round, size) in sizes.enumerated() {
      var trials: [SearchTrial] = []
      var isCutShort = false
      for (place, candidate) in field.enumerated() {
        isCutShort = isOver() && !(found.isEmpty && trials.isEmpty)
        if isCutShort { break }
        progress(round + 1, sizes.count, place, field.count)
        if let trial = try trial(candidate, texts: size) { trials.append(trial) }
      }
      // Plain candidates come first in a round. When it ends with them, they were compared with nothing else on its
      // texts, and would still be ranked before all that was found earlier.
      if isCutShort, !found.isEmpty, trials.allSatisfy({ space.isPlain($0.candidate) }) { break }
      let seen = Set(trials.map(\.candidate))
      found = trials + found.filter { !seen.contains($0.candidate) }
      if isCutShort || round == sizes.count - 1 { break }
      field = survivors(trials, share: Self.rounds[round].survivors)
    }
    return found.sorted { $0.texts != $1.texts ? $0.texts > $1.texts : $0.isBetter(than: $1) }
  }

  /// Those that go on, by loss, what `acc` would plan first. A halted answer mixes several layers' answers, so its loss
  /// does not compare with others': each kind passes on its own best.
  private func survivors(_ trials: [SearchTrial], share: Double) -> [SearchTrial.Candidate] {
    let trials = trials.sorted { $0.score.loss < $1.score.loss }
    var field = trials.map(\.candidate).filter(space.isPlain)
    for halts in [false, true] {
      let kind = trials.map(\.candidate).filter { $0.halts == halts }
      field += kind.prefix(max(2, Int((Double(kind.count) * share).rounded(.up)))).filter {
        !space.isPlain($0)
      }
    }
    return field
  }

  /// What two candidates' plans have in common when they are one plan.
  private struct Content: Hashable {
    var schedule: Schedule
    var precision: PrecisionAssignment
    var halts: Bool
    var selection: TokenSelection?
    var restores: Bool
    var areWords: Bool
  }

  /// Those within reach, one of each plan.
  private func candidates() throws -> [SearchTrial.Candidate] {
    var found: [SearchTrial.Candidate] = []
    var known: Set<Content> = []
    for candidate in space.candidates {
      if isOver(), !found.isEmpty { break }
      guard let schedule = try schedule(space.request(candidate)) else { continue }
      // A static selection that keeps every token is no selection.
      let selection = candidate.selection.flatMap { $0 == .dynamic || schedule.reducesAnywhere ? $0 : nil }
      let content = Content(
        schedule: schedule, precision: candidate.precision, halts: candidate.halts,
        selection: selection,
        restores: candidate.restores || !schedule.reducesAnywhere && selection == nil,
        areWords: candidate.dropping == .words && schedule.reducesAnywhere)
      if known.insert(content).inserted { found.append(candidate) }
    }
    return found
  }

  private mutating func trial(_ candidate: SearchTrial.Candidate, texts: Int) throws -> SearchTrial? {
    if let known = cache?[candidate, texts] { return known }
    guard let score = try judge(space.request(candidate), texts) else { return nil }
    let trial = SearchTrial(candidate: candidate, texts: texts, score: score)
    try cache?.append(trial)
    return trial
  }
}
