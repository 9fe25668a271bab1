package import TaperPlanFormat
package import TaperPlanner

/// What a method search chooses from, for a model and a request.
package struct SearchSpace {
  /// Decays tried besides the calibration's: from keeping alike in every layer to dropping late and steeply.
  package static let decays = [0.1, 0.2, 0.35, 0.5, 0.75, 1.0]

  /// What all candidates have in common; with a lexicon, words are a way to drop tokens too, read out as it says.
  let base: PlanningRequest
  let target: PlanningTarget
  /// Of candidates that halt.
  let haltingRule: HaltingRule
  /// Of the whole encoder.
  let layers: Int
  /// Whether the model has halting points.
  let halts: Bool
  /// Layers with a selector.
  let selectors: [Int]
  /// The request's first.
  let precisions: [PrecisionAssignment]
  /// Whether dropped tokens come back, of a head that is as it was trained; what the request says comes first.
  let restorings: [Bool]
  /// Whether heads are fitted again where no run halts; they are then fitted to what the request says of dropped
  /// tokens.
  let refits: Bool

  /// - Parameters:
  ///   - base: its method, halting and depth are each candidate's own.
  ///   - precisions: tried besides the base's.
  ///   - choosesRestoring: whether to try both with a head that is as it was trained.
  package init(
    _ base: PlanningRequest, target: PlanningTarget, haltingRule: HaltingRule = .tight, layers: Int,
    halts: Bool = false, selectors: [Int] = [], precisions: [PrecisionAssignment] = [],
    choosesRestoring: Bool = false, refits: Bool = false
  ) {
    self.base = base
    self.target = target
    self.haltingRule = haltingRule
    self.layers = layers
    self.halts = halts
    self.selectors = selectors
    self.precisions = [base.precision] + precisions.filter { $0 != base.precision }
    let restores = base.restoresDroppedTokens
    restorings = choosesRestoring ? [restores, !restores] : [restores]
    self.refits = refits
  }

  /// The request that plans a candidate.
  package func request(_ candidate: SearchTrial.Candidate) -> PlanningRequest {
    var request = base
    request.method = candidate.dropping.map { .tokens($0, target) } ?? .layers(target)
    request.halting = candidate.halts ? haltingRule : nil
    request.depth = candidate.depth
    request.restoresDroppedTokens = candidate.restores
    if candidate.dropping != .words { request.lexicon = nil }
    request.precision = candidate.precision
    return request
  }

  /// What method `acc` would plan, as the request says of dropped tokens.
  package var plain: SearchTrial.Candidate {
    .init(depth: layers, restores: restorings[0], precision: precisions[0])
  }

  /// Whether it is what method `acc` might plan.
  func isPlain(_ candidate: SearchTrial.Candidate) -> Bool {
    var candidate = candidate
    candidate.restores = restorings[0]
    return candidate == plain
  }

  /// What method `acc` would plan first, then unlike ones before like ones, for a search that ends early: other decays
  /// come last. A depth at which every token meets the target is method `depth`, and `halting`, by itself.
  package var candidates: [SearchTrial.Candidate] {
    var found: [SearchTrial.Candidate] = []
    for decay in [nil] + Self.decays.map(Optional.some) {
      for depth in (1...layers).reversed() {
        for (dropping, halts) in methods(depth: depth, decay: decay) {
          for precision in precisions {
            for restores in restorings(of: dropping, halts: halts) {
              found.append(
                .init(dropping, halts: halts, depth: depth, restores: restores, precision: precision))
            }
          }
        }
      }
    }
    return found
  }

  /// Heads that are fitted to chosen words read those alone, unless the request has a lens.
  private func restorings(of dropping: TokenDropping?, halts: Bool) -> [Bool] {
    if dropping == .words { return [base.lens != nil] }
    return halts || !refits ? restorings : [restorings[0]]
  }

  /// With a decay those that read one.
  private func methods(depth: Int, decay: Double?) -> [(TokenDropping?, halts: Bool)] {
    var methods: [(TokenDropping?, halts: Bool)] = [(.attention(decay: decay), false)]
    if halts {
      if decay == nil { methods.append((nil, true)) }
      methods.append((.attention(decay: decay), true))
    }
    if decay == nil, base.lexicon != nil { methods.append((.words, false)) }
    guard decay == nil, selectors.contains(where: { $0 < depth }) else { return methods }
    for selection in TokenSelection.allCases {
      methods.append((.selectors(selection), false))
      if halts { methods.append((.selectors(selection), true)) }
    }
    return methods
  }
}
