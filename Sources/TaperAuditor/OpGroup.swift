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
    self =
      switch kind.family {
      case _ where isAnswer: .answer
      case .embeddings: .embeddings
      case .products: .products
      case .attention: .attention
      case .selection: .selection
      case .rowwise: .rowwise
      case .halting: .halting
      }
  }
}
