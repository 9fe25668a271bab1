internal import CTaperKernels
internal import TaperPlanFormat

/// What must be decided about an op for every input. Its operands are in the `ck_op` of the same number.
///
/// BitwiseCopyable, so that the hot path moves plain memory, without reference counts or existentials.
@safe struct BoundOp: BitwiseCopyable {
  /// Layer whose remaining tokens are the op's rows; `BoundOp.one` means a single row.
  var rows: UInt16
  var innerRows: UInt16
  /// The op's layer. Whether it drops tokens decides `condition` and `index`.
  var layer: UInt16
  var condition: OpGuard
  var effect: OpEffect
  /// Whether its inner rows are keys that may be hidden.
  var readsKeys: Bool
  /// Whether it pools its inner rows, of which the first may be left out.
  var pools: Bool
  /// The op's kernels: `selectionCount` entries of the program's selections from `firstSelection` on.
  var firstSelection: UInt32
  var selectionCount: UInt32
  /// The op's index, which is read in conditional ops and where the layer drops tokens.
  var index: UnsafePointer<UInt32>?

  /// `rows` of an op over a single row, as `RowCount.one`.
  static var one: UInt16 { 0xFFFF }
}

/// Which kernel computes an op whose row count is at most `maximumRows`.
@safe struct BoundKernel: BitwiseCopyable {
  var maximumRows: UInt32
  /// A copy of the registry's entry, so that all that a run reads is in one allocation.
  var kernel: ck_kernel
}
