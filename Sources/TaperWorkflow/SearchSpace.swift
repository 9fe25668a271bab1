package import TaperPlanner

/// What a method search chooses from, for a model and a request.
package struct SearchSpace {
  /// Decays that are tried beside the calibration's: from keeping alike in every layer to dropping late and steeply.
  package static let decays = [0.1, 0.2, 0.35, 0.5, 0.75, 1.0]

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
  /// Whether heads are fitted again where no run halts: to what the request says of dropped tokens.
  let refits: Bool

  /// - Parameters:
  ///   - precisions: tried beside the request's.
  ///   - choosesRestoring: whether to try both with a head that is as it was trained.
  package init(
    _ request: PlanningRequest, layers: Int, halts: Bool = false, selectors: [Int] = [],
    precisions: [PrecisionAssignment] = [], choosesRestoring: Bool = false, refits: Bool = false
  ) {
    self.layers = layers
    self.halts = halts
    self.selectors = selectors
    self.precisions = [request.precision] + precisions.filter { $0 != request.precision }
    let restores = request.restoresDroppedTokens
    restorings = choosesRestoring ? [restores, !restores] : [restores]
    self.refits = refits
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

  /// What method `acc` would plan first, then unlike ones before like ones, for a search that ends early: other decays come
  /// last. A depth at which every token meets the target is method `depth`, and `halting`, by itself.
  package var candidates: [SearchTrial.Candidate] {
    var found: [SearchTrial.Candidate] = []
    for decay in [nil] + Self.decays.map(Optional.some) {
      for depth in (1...layers).reversed() {
        for (method, selection) in methods(depth: depth) where decay == nil || method.scalesByDecay {
          for precision in precisions {
            for restores in method.halts || !refits ? restorings : [restorings[0]] {
              found.append(
                .init(
                  method: method, selection: selection, depth: depth, decay: decay, restores: restores,
                  precision: precision))
            }
          }
        }
      }
    }
    return found
  }

  private func methods(depth: Int) -> [(PlanningMethod, TokenSelection)] {
    var methods: [(PlanningMethod, TokenSelection)] = [(.acc, .dynamic)]
    if halts { methods += [(.halting, .dynamic), (.accHalting, .dynamic)] }
    guard selectors.contains(where: { $0 < depth }) else { return methods }
    for selection in TokenSelection.allCases {
      methods.append((.selector, selection))
      if halts { methods.append((.selectorHalting, selection)) }
    }
    return methods
  }
}

extension PlanningMethod {
  /// Whether the elimination profile says where it drops tokens.
  fileprivate var scalesByDecay: Bool { self == .acc || self == .accHalting }
}
