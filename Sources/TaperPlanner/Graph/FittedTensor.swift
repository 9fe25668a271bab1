/// Tensors that are fitted while planning, rather than the model's.
package enum FittedTensor: Hashable, Sendable {
  case headWeight, headBias
  /// [vocabulary, 1] and [1, penalties] of the lexicon.
  case wordScores, repeatPenalties
  /// Of the tokens that a layer drops.
  case lensWeight(Int)
  case lensBias(Int)
}

/// Where the elements of a plan's fitted tensors are.
package struct FittedTensors: Sendable {
  package var head: HeadOverride?
  package var lexicon: Lexicon?
  package var lens: Lens?

  package init(head: HeadOverride? = nil, lexicon: Lexicon? = nil, lens: Lens? = nil) {
    self.head = head
    self.lexicon = lexicon
    self.lens = lens
  }

  init(_ request: PlanningRequest) {
    self.init(head: request.headOverride, lexicon: request.lexicon, lens: request.lens)
  }

  /// - Parameter count: of the tensor; a lens without the layer's map is zero.
  func elements(of tensor: FittedTensor, count: Int) -> [Float] {
    let found: [Float]? =
      switch tensor {
      case .headWeight: head?.weight
      case .headBias: head?.bias
      case .wordScores: lexicon?.scores
      case .repeatPenalties: lexicon?.penalties
      case .lensWeight(let layer): lens?.maps[layer]?.weight
      case .lensBias(let layer): lens?.maps[layer]?.bias
      }
    return found ?? [Float](repeating: 0, count: count)
  }
}
