package import TaperPlanFormat
package import TaperPlanner

/// Method `search` (ours): which lever meets the target at the least loss on this task, depth or tokens or both.
///
/// A candidate is a depth and a decay of the elimination profile; its keep counts follow from the target, so all
/// candidates are compared at equal predicted time. Each is judged by fitting the head to its features and measuring on
/// held-out texts. Rounds of successive halving spend the texts where they matter: every candidate on few texts, the best
/// by held-out loss (which tells close candidates apart where accuracy cannot) on more, the last few on all, where the
/// held-out metric decides. What method `acc` would plan stays in to the end, so the search never does worse than it on
/// the texts it decides on. Seeded; the same inputs give the same plan unless a time box ends it early.
package struct MethodSearch {
  /// Decays that are tried beside the calibration's: from keeping alike in every layer to dropping late and steeply.
  package static let decays = [0.1, 0.2, 0.35, 0.5, 0.75, 1.0]
  /// Labelled texts of each round (the last takes all) and the share of candidates it passes on.
  package static let rounds = [(texts: 500, survivors: 0.3), (texts: 1_500, survivors: 0.4)]

  /// Fits a head to a request's features on so many texts.
  package typealias Judge = (_ request: PlanningRequest, _ texts: Int) throws -> SearchTrial.Score?

  let request: PlanningRequest
  let layers: Int
  let texts: Int
  var cache: SearchCache?
  let isOver: () -> Bool
  /// Nil when the target is out of the candidate's reach.
  let schedule: (PlanningRequest) throws -> Schedule?
  let judge: Judge

  package init(
    request: PlanningRequest, layers: Int, texts: Int, cache: SearchCache? = nil,
    isOver: @escaping () -> Bool = { false }, schedule: @escaping (PlanningRequest) throws -> Schedule?,
    judge: @escaping Judge
  ) {
    self.request = request
    self.layers = layers
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
    let sizes = Self.rounds.map(\.texts).filter { $0 < texts } + [texts]
    var ranked: [SearchTrial] = []
    for (round, size) in sizes.enumerated() {
      var trials: [SearchTrial] = []
      for (place, candidate) in field.enumerated() {
        if isOver(), !ranked.isEmpty || !trials.isEmpty { break }
        progress(round + 1, sizes.count, place, field.count)
        if let trial = try trial(candidate, texts: size) { trials.append(trial) }
      }
      if trials.isEmpty { break }
      let isLast = round == sizes.count - 1
      trials.sort { isLast ? $0.isBetter(than: $1) : $0.score.loss < $1.score.loss }
      let seen = Set(trials.map(\.candidate))
      ranked = trials + ranked.filter { !seen.contains($0.candidate) }
      if isLast || trials.count < field.count { break }
      let survivors = max(2, Int((Double(field.count) * Self.rounds[round].survivors).rounded(.up)))
      field = trials.prefix(survivors).map(\.candidate)
      if let plain = trials.first(where: { $0.candidate == plain })?.candidate, !field.contains(plain) {
        field.append(plain)
      }
    }
    return ranked
  }

  /// What method `acc` would plan.
  private var plain: SearchTrial.Candidate { .init(depth: layers, decay: nil) }

  /// Deepest first; one candidate of each schedule.
  private func candidates() throws -> [SearchTrial.Candidate] {
    var found: [SearchTrial.Candidate] = []
    var known: Set<Schedule> = []
    for depth in (1...layers).reversed() {
      for decay in [nil] + Self.decays.map(Optional.some) {
        let candidate = SearchTrial.Candidate(depth: depth, decay: decay)
        guard let schedule = try schedule(candidate.applied(to: request)), known.insert(schedule).inserted
        else { continue }
        found.append(candidate)
      }
    }
    return found
  }

  private mutating func trial(_ candidate: SearchTrial.Candidate, texts: Int) throws -> SearchTrial? {
    if let known = cache?[candidate, texts] { return known }
    guard let score = try judge(candidate.applied(to: request), texts) else { return nil }
    let trial = SearchTrial(candidate: candidate, texts: texts, score: score)
    try cache?.append(trial)
    return trial
  }
}
