public import TaperModelSpec
package import TaperPlanFormat

/// Halting by definition (specs/tuned-checkpoints.md section 5), in double precision, on what `NaiveEncoder` computed.
public struct NaiveHalting: Sendable {
  public struct Outcome: Sendable {
    /// x_1…x_L: what the classifiers read.
    public var features: [[Double]] = []
    /// a_1…a_L.
    public var answers: [[Double]] = []
    /// p_1…p_{L−1}.
    public var left: [Double] = []
  }

  private let head: HeadSpec
  private let classifiers: [NaiveLinear]
  private let units: [NaiveLinear]

  /// - Precondition: the model has halting points.
  public init(_ model: ModelSpec) throws {
    head = model.head
    let layers = model.tuned!.halting!.layers
    func linear(_ layer: Int, _ weight: HaltingPart, _ bias: HaltingPart) throws -> NaiveLinear {
      NaiveLinear(
        weight: try model.tensor(.halting(layer, weight)), bias: try model.tensor(.halting(layer, bias)),
        shape: model.shape(of: .halting(layer, weight)))
    }
    classifiers = try (1...layers).map { try linear($0, .classifierWeight, .classifierBias) }
    units = try (1..<layers).map { try linear($0, .unitWeight, .unitBias) }
  }

  /// Every layer's answer to a run; selectors act only where dropped tokens are restored or [CLS] is read.
  public func answers(to run: NaiveRun, restoresDroppedTokens: Bool) -> Outcome {
    var outcome = Outcome()
    var left = 1.0
    for layer in 1..<run.hidden.count {
      let features = pooled(restoresDroppedTokens ? run.lastStates[layer] : run.hidden[layer])
      let classes = NaiveMath.softmax(classifiers[layer - 1].apply(features))
      let before = outcome.answers.last ?? classes
      outcome.features.append(features)
      outcome.answers.append(zip(classes, before).map { $0 * left + $1 * (1 - left) })
      guard layer <= units.count else { break }
      left /= 1 + NaiveMath.exponential(-units[layer - 1].apply(features)[0])
      outcome.left.append(left)
    }
    return outcome
  }

  private func pooled(_ states: [[Double]]) -> [Double] {
    let vector = NaiveEncoder.pool(head.pooling, states, positions: [])
    return head.normalized ? NaiveMath.l2Normalize(vector) : vector
  }
}

extension NaiveHalting.Outcome {
  /// The layer after which the rule ends the run; L, or the cap, when it never does before.
  package func depth(_ rule: HaltingRule, cap: Int? = nil) -> Int {
    let layers = answers.count
    for layer in 1..<layers where layer < cap ?? layers {
      let sorted = answers[layer - 1].sorted(by: >)
      let (leader, runner, p) = (sorted[0], sorted[1], left[layer - 1])
      var remains = 1.0
      for _ in layer..<layers { remains *= 1 - p }
      let holds =
        switch rule {
        case .authors: leader * remains >= runner + p * Double(layers - layer)
        case .tight: (1 + leader - runner) * remains >= 1
        }
      if holds { return layer }
    }
    return cap ?? layers
  }
}
