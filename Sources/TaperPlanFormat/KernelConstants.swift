// Generated from Sources/CTaperKernels/include/ck_sizes.h by tools/reference/make-kernel-table.py; do not edit.

/// Sizes that kernels are built on and that plans depend on.
public enum KernelConstants {
  /// Columns of a panel of packed weights. Attention rounds keys and head widths up to it too.
  public static let panel = 16
  /// Panels that a tile of the f32 product reads at once; a task gets whole spans.
  public static let panelSpan = 3
  /// Neighbours in depth that lie side by side in a bf16 panel.
  public static let groupBF16 = 2
  /// Neighbours in depth that lie side by side in an i8 panel.
  public static let groupI8 = 4
  /// Bytes that follow i8 panels for each of their columns: a scale (f32) and a sum (i32).
  public static let columnBytesI8 = 8
  /// Bytes of a line of encoded activations (ck_encoded.h), and of a row of an AMX tile.
  public static let encodedLine = 64
  /// Most rows of a tile of encoded activations, and of an AMX tile.
  public static let encodedTile = 16
  /// Every part of a row-major product but the last has a multiple of this many columns.
  public static let partColumns = 16
  /// Rows that a task of a row-wise op covers; a fixed cut, so that results never depend on the worker count.
  public static let rowBlock = 8
  /// Queries that attention computes at a time.
  public static let attentionBlock = 64
  /// Queries that attention in bf16 computes at a time.
  public static let attentionBF16Block = 24
  /// Elements of scratch for each row that token selection chooses from: its score and a place in the heap.
  public static let selectionScratch = 2
  /// Workers that a pool has at most, the caller included.
  public static let poolMaximumWorkers = 1024
}
