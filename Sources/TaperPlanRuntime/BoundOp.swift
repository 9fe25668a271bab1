internal import CTaperKernels
internal import TaperPlanFormat

/// What has to be decided about an op again for every input; its operands are in the `ck_op` of the same number.
///
/// BitwiseCopyable, so that the hot path moves plain memory: no reference counts, no existentials.
@safe struct BoundOp: BitwiseCopyable {
  /// Entry of the schedule's row that gives the op's rows; `BoundOp.one` means a single row.
  var rows: UInt16
  var innerRows: UInt16
  /// The 1-based layer whose dropping decides `condition` and `index`; 0 where no layer drops (embeddings, head).
  var reducingLayer: UInt16
  var condition: OpGuard
  var effect: OpEffect
  /// The op's kernels: `selectionCount` entries of the program's selections from `firstSelection` on.
  var firstSelection: UInt32
  var selectionCount: UInt32
  /// Where the op's index points whenever it is read: in a conditional op, and where the layer drops tokens.
  var index: UnsafePointer<UInt32>?

  /// `rows` of an op over a single row, as `RowCount.one`.
  static var one: UInt16 { 0xFFFF }
}

/// Which kernel computes an op whose row count is at most `maximumRows`.
@safe struct BoundKernel: BitwiseCopyable {
  var maximumRows: UInt32
  /// A copy of the registry's entry, beside the others that a run needs.
  var kernel: ck_kernel
}

/// What an op decides about the ops after it.
enum OpEffect: UInt8, BitwiseCopyable {
  case none
  /// How many rows leave its layer in this run (selectAbove).
  case counts
  /// Whether the run ends here (haltAuthors, haltTight).
  case halts

  init(_ kind: OpKind) {
    self = kind == .selectAbove ? .counts : kind.haltingRule != nil ? .halts : .none
  }
}
