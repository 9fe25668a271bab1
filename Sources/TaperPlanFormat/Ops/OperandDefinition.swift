/// One operand of a kind of op: whether it must be there, and what it holds.
public struct OperandDefinition: BitwiseCopyable, Hashable, Sendable {
  public let role: OperandRole
  public let isRequired: Bool
  /// Another operand that must be there when this one is.
  public let needs: OperandRole?
  public let isWritten: Bool
  public let content: OperandContent

  static func required(_ role: OperandRole, _ content: OperandContent) -> OperandDefinition {
    OperandDefinition(
      role: role, isRequired: true, needs: nil, isWritten: role.isOutput, content: content)
  }

  /// A required result that is not in the role of an output.
  static func written(_ role: OperandRole, _ content: OperandContent) -> OperandDefinition {
    OperandDefinition(role: role, isRequired: true, needs: nil, isWritten: true, content: content)
  }

  static func optional(
    _ role: OperandRole, _ content: OperandContent, needs other: OperandRole? = nil
  ) -> OperandDefinition {
    OperandDefinition(
      role: role, isRequired: false, needs: other, isWritten: role.isOutput, content: content)
  }
}

/// What an operand holds, and which of it an op reads or writes.
public enum OperandContent: BitwiseCopyable, Hashable, Sendable {
  /// Rows of this width, a leading dimension apart.
  case rows(RowSpan, RowWidth, OperandElement = .f32)
  /// Two f32 a row, rows side by side: the scale and the zero of int8 codes.
  case pairs(RowSpan)
  /// heads · innerRows f32, side by side: partial token scores.
  case scores
  /// heads · innerRows · innerRows f32, side by side: attention probabilities.
  case probabilities
  /// `rows` ascending u32 row numbers, all below this many.
  case numbers(below: RowSpan)
  /// u32 row numbers, of which those at the index's rows move to the front. Unchanged where the layer drops nothing.
  case renumbered
  /// `rows` u32 numbers of input rows. Where the layer drops nothing they are not read: row i is row i.
  case index
  /// The u32 original positions of this many rows; without the operand row i is at position i.
  case positions(RowSpan)
  /// A tensor of the weights index.
  case tensor(TensorShape)

  public var isRowNumbers: Bool {
    switch self {
    case .numbers, .renumbered, .index, .positions: true
    case .rows, .pairs, .scores, .probabilities, .tensor: false
    }
  }
}

/// Which rows of an operand an op touches.
public enum RowSpan: UInt8, BitwiseCopyable, Hashable, Sendable {
  case one
  case rows
  case inner
  /// The rows that the index names; the first `rows` without one.
  case indexed
  /// The inner rows that the index does not name; the first `rows` without one.
  case dropped
  /// Both the queries and the keys.
  case all
  /// The rows at the original positions of those moved.
  case positions
}

/// Elements of a row.
public enum RowWidth: UInt8, BitwiseCopyable, Hashable, Sendable {
  case one
  case columns
  case depth
  /// heads · depth.
  case heads
  /// 3 · heads · depth: queries, keys and values.
  case attended
  /// columns + 1: answers, and the probability that is left to go on.
  case answers

  /// Elements of a row of an op of these sizes.
  package func elements(columns: Int, depth: Int, heads: Int) -> Int {
    switch self {
    case .one: 1
    case .columns: columns
    case .depth: depth
    case .heads: heads * depth
    case .attended: 3 * heads * depth
    case .answers: columns + 1
    }
  }
}

/// What elements a row has.
public enum OperandElement: UInt8, BitwiseCopyable, Hashable, Sendable {
  case f32
  /// What a product reads its input as, which its weight's layout decides.
  case asWeight
  /// What an op that encodes writes (`PlanOp.encodedElement`).
  case encoded
  /// What such an op wrote in bf16.
  case bf16
}

/// The shape of a weight tensor.
public enum TensorShape: UInt8, BitwiseCopyable, Hashable, Sendable {
  /// [1]
  case one
  /// [columns]
  case columns
  /// [columns, depth], in any layout.
  case matrix
  /// [1, depth]
  case row
  /// [heads, 2 · extent − 1]: a bias for every distance.
  case distances
  /// [2 · extent − 1, heads · depth]: a row for every distance.
  case distanceRows
  /// [extent, depth]: for every position the cosines of a head's pairs, then their sines.
  case angles
  /// Rows of `columns` elements, for every id of the vocabulary, position and token type.
  case words, positions, types
}

extension Plan {
  /// The layout of the op's `weight`; row-major for an op without one.
  /// - Precondition: the weight's entry exists.
  public func weightLayout(of op: PlanOp) -> WeightLayout {
    op.weight.isNone ? .rowMajor : weights.entries[Int(op.weight.rawValue)].layout
  }

  /// The elements that the operand's slot must have; nil for a tensor.
  func slotElement(of op: PlanOp, _ content: OperandContent) -> ElementType? {
    switch content {
    case .rows(_, _, let element):
      switch element {
      case .f32: .f32
      case .asWeight: weightLayout(of: op).activation
      case .encoded: op.encodedElement
      case .bf16: .bf16
      }
    case .pairs, .scores, .probabilities: .f32
    case .numbers, .renumbered, .index, .positions: .u32
    case .tensor: nil
    }
  }

  /// Elements of one row of the operand, encoded rows filled up to their element's group; nil where the driver takes no
  /// leading dimension.
  func rowWidth(of op: PlanOp, _ content: OperandContent) -> Int? {
    guard case .rows(_, let width, _) = content else { return nil }
    let elements = op.elements(width)
    guard let group = slotElement(of: op, content)?.group, group > 1 else { return elements }
    return (elements + group - 1) / group * group
  }
}

extension PlanOp {
  /// Elements of a row of this width.
  package func elements(_ width: RowWidth) -> Int {
    width.elements(columns: Int(columns), depth: Int(depth), heads: Int(heads))
  }

  /// Whether anything stands in `role`.
  public func has(_ role: OperandRole) -> Bool { !operand(role).isNone || !weight(role).isNone }
}
