public import TaperPlanFormat

/// The key under which a profile files an op's times: everything that they depend on except kernel, threads and rows.
///
/// It has what the definition of the op's kind names (`OpDefinition.sizes` and `key`). Other fields are 0 (parts: 1),
/// so that equal work has equal keys. A packed product has no parts: it is cut by the entry's threads.
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

  /// The key of a planned op; `served(by:)` makes it the key for a kernel.
  public init(of op: PlanOp) {
    let definition = op.kind.definition.measuredAs.definition
    let (sizes, key) = (definition.sizes, definition.key)
    self.init(
      definition.kind, columns: sizes.contains(.columns) ? Int(op.columns) : 0,
      depth: sizes.contains(.depth) ? Int(op.depth) : 0, heads: sizes.contains(.heads) ? Int(op.heads) : 0,
      parts: key.contains(.parts) ? Int(op.parts) : 1,
      activation: key.contains(.activation) ? op.activation : .none,
      relativeBias: key.contains(.relativeBias) && !op.bias.isNone)
  }

  /// The key of a BLAS product, cut by `GemmPartition` unless `parts` is given.
  public static func gemm(
    columns: Int, depth: Int, activation: Activation = .none, parts: Int? = nil
  ) -> OpShape {
    OpShape(
      .gemm, columns: columns, depth: depth,
      parts: parts ?? GemmPartition.parts(columns: columns, depth: depth), activation: activation)
  }

  /// The key of the same work served by `kernel`; that of a packed product has no parts.
  public func served(by kernel: KernelID) -> OpShape {
    guard kind == .gemm, kernel.weightLayout != .rowMajor else { return self }
    return .gemm(columns: columns, depth: depth, activation: activation, parts: 1)
  }

  /// The sizes with the row counts of one input.
  public func sizes(rows: Int, innerRows: Int) -> SizeValues {
    SizeValues(rows: rows, innerRows: innerRows, columns: columns, depth: depth, heads: heads)
  }

  /// Which of an op's two row counts its time depends on.
  public var variables: RowVariables { kind.definition.variables }
}
