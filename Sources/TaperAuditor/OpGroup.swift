public import TaperPlanFormat

/// Ops that belong together when asking where time goes.
public enum OpGroup: String, CaseIterable, Hashable, Sendable {
  case embeddings
  case products
  case attention
  case selection = "choosing tokens"
  case rowwise = "norms, sums, encoding"
  case halting
  case answer = "pooling and head"

  /// - Parameter isAnswer: whether the op stands after the last layer.
  public init(_ kind: OpKind, isAnswer: Bool) {
    if isAnswer {
      self = .answer
      return
    }
    self =
      switch kind {
      case .embed: .embeddings
      case .gemm: .products
      case .attention, .attentionScores, .attentionScored, .attentionContext: .attention
      case .select, .selectAbove, .gather, .scatter, .compose, .iota: .selection
      case .accumulate, .haltAuthors, .haltTight: .halting
      case .biasActivation, .add, .layerNorm, .encode, .mean, .l2Normalize, .softmax, .sigmoid: .rowwise
      }
  }
}
