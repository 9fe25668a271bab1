public import TaperPlanFormat

/// The key under which a profile files an op's times: everything that fixes them besides kernel, threads and
/// rows.
///
/// Fields an op kind does not use are 0 (parts: 1), so that equal work has equal keys; build keys with
/// `init(of:)`, which keeps, by kind (widths in elements):
/// - gemm: columns, depth, activation, and of a BLAS product parts; a packed one is cut by the entry's threads
/// - attention, attentionScores, attentionScored, attentionContext: heads, depth (head size), relative bias yes
///   or no (all but context)
/// - biasActivation: columns, activation · select, selectAbove (filed as select): heads · iota, compose: nothing
/// - accumulate: columns, depth · haltAuthors, haltTight: columns
/// - encode, embed, add, layerNorm, scatter, gather, mean, l2Normalize, softmax, sigmoid: columns
public struct OpShape: Hashable, Sendable {
  public var kind: OpKind
  public var columns: Int
  public var depth: Int
  public var heads: Int
  public var parts: Int
  public var activation: Activation
  public var relativeBias: Bool

  public init(
    _ kind: OpKind, columns: Int = 0, depth: Int = 0, heads: Int = 0, parts: Int = 1,
    activation: Activation = .none, relativeBias: Bool = false
  ) {
    self.kind = kind
    self.columns = columns
    self.depth = depth
    self.heads = heads
    self.parts = parts
    self.activation = activation
    self.relativeBias = relativeBias
  }

  /// The key of a planned op; `served(by:)` makes it its kernel's.
  public init(of op: PlanOp) {
    switch op.kind {
    case .gemm:
      self = .gemm(
        columns: Int(op.columns), depth: Int(op.depth), activation: op.activation, parts: Int(op.parts))
    case .attention, .attentionScores, .attentionScored:
      self.init(op.kind, depth: Int(op.depth), heads: Int(op.heads), relativeBias: !op.bias.isNone)
    case .attentionContext:
      self.init(op.kind, depth: Int(op.depth), heads: Int(op.heads))
    case .biasActivation:
      self.init(op.kind, columns: Int(op.columns), activation: op.activation)
    case .select, .selectAbove:
      self.init(.select, heads: Int(op.heads))
    case .accumulate:
      self.init(op.kind, columns: Int(op.columns), depth: Int(op.depth))
    case .iota, .compose:
      self.init(op.kind)
    case .embed, .add, .layerNorm, .scatter, .gather, .mean, .l2Normalize, .softmax, .sigmoid, .encode,
      .haltAuthors, .haltTight:
      self.init(op.kind, columns: Int(op.columns))
    }
  }

  /// A BLAS product's key; `parts` nil means as `GemmPartition` cuts it.
  public static func gemm(
    columns: Int, depth: Int, activation: Activation = .none, parts: Int? = nil
  ) -> OpShape {
    OpShape(
      .gemm, columns: columns, depth: depth,
      parts: parts ?? GemmPartition.parts(columns: columns, depth: depth), activation: activation)
  }

  /// The key of the same work served by `kernel`: a packed product's has no parts.
  public func served(by kernel: KernelID) -> OpShape {
    guard kind == .gemm, kernel.weightLayout != .rowMajor else { return self }
    return .gemm(columns: columns, depth: depth, activation: activation, parts: 1)
  }

  /// Which of an op's two row counts its time follows.
  public var variables: RowVariables {
    switch kind {
    case .attention, .attentionContext: .both
    case .attentionScores, .attentionScored, .select, .selectAbove, .scatter, .mean: .innerRows
    case .embed, .gemm, .biasActivation, .add, .layerNorm, .iota, .compose, .gather, .l2Normalize, .softmax,
      .sigmoid, .encode, .accumulate, .haltAuthors, .haltTight:
      .rows
    }
  }
}

/// The row counts an op's time depends on.
public enum RowVariables: Hashable, Sendable {
  case rows
  case innerRows
  case both
}
