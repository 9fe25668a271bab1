/// How a gemm's columns are cut into tasks (ours). The planner emits it as `PlanOp.parts`; the profiler measures under the
/// same rule. Results are bit-identical for any number of workers: a BLAS product, whose sums may depend on the cut, is
/// cut by shape alone; a packed product sums every element alike whatever the cut, so the workers may decide.
public enum GemmPartition {
  /// Panels that the f32 kernel walks at once (CK_PANEL_SPAN); a task has whole spans of them.
  private static let panelSpan = 3

  /// Tasks of a packed product: one a thread. Every task starts on weights that nobody asked for, and finer cuts bought
  /// no balance (decision 10).
  public static func packedParts(columns: Int, threads: Int) -> Int {
    min((WeightLayout.panels(columns: columns) + panelSpan - 1) / panelSpan, threads)
  }

  /// Panels are whole multiples of this many columns (the last one may be narrower), as in `ck_gemm`.
  public static let columnMultiple = 16

  /// Panels of a product with `columns` output columns and inner dimension `depth`: four where each is wide enough
  /// to keep a BLAS call efficient, one otherwise. At least 1; no panel is empty.
  public static func parts(columns: Int, depth: Int) -> Int { columns >= 256 ? 4 : 1 }

  /// The panel width: round_up(ceil(columns / parts), 16).
  public static func width(columns: Int, parts: Int) -> Int {
    let even = (columns + parts - 1) / parts
    return (even + columnMultiple - 1) / columnMultiple * columnMultiple
  }
}
