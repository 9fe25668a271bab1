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

  /// - Parameter precisions: tried beside the request's.
  package init(
    _ request: PlanningRequest, layers: Int, halts: Bool = false, selectors: [Int] = [],
    precisions: [PrecisionAssignment] = []
  ) {
    self.layers = layers
    self.halts = halts
    self.selectors = selectors
    self.precisions = [request.precision] + precisions.filter { $0 != request.precision }
  }

  /// What method `acc` would plan.
  package var plain: SearchTrial.Candidate { .init(depth: layers, precision: precisions[0]) }

  /// What method `acc` would plan first, then unlike ones before like ones, for a search that ends early: other decays come
  /// last. A depth at which every token meets the target is method `depth`, and `halting`, by itself.
  package var candidates: [SearchTrial.Candidate] {
    var found: [SearchTrial.Candidate] = []
    for decay in [nil] + Self.decays.map(Optional.some) {
      for depth in (1...layers).reversed() {
        for (method, selection) in methods(depth: depth) where decay == nil || method.scalesByDecay {
          for precision in precisions {
            found.append(
              .init(method: method, selection: selection, depth: depth, decay: decay, precision: precision))
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
