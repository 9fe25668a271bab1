/// How a gemm's columns are cut into tasks (ours). The planner emits it as `PlanOp.parts`; the profiler measures under the
/// same rule. Results are bit-identical for any number of workers: a BLAS product, whose sums may depend on the cut, is
/// cut by shape alone; a packed product sums every element alike whatever the cut, so the workers may decide.
public enum GemmPartition {
  /// Tasks of a packed product: one a thread, as far as spans of panels go (`ck_packed_parts`). No task's weights were
  /// prefetched, so each pays for a cold start, and finer cuts bought no balance (decision 10).
  public static func packedParts(columns: Int, threads: Int) -> Int {
    let span = KernelConstants.panelSpan
    return min((WeightLayout.panels(columns: columns) + span - 1) / span, threads)
  }

  /// Parts of a row-major product with `columns` output columns and inner dimension `depth`: four where each is wide
  /// enough to keep a BLAS call efficient, one otherwise. At least 1; no part is empty.
  public static func parts(columns: Int, depth: Int) -> Int { columns >= 256 ? 4 : 1 }

  /// Columns of every part but the last, which may be narrower (`ck_part_width`).
  public static func width(columns: Int, parts: Int) -> Int {
    let even = (columns + parts - 1) / parts
    let multiple = KernelConstants.partColumns
    return (even + multiple - 1) / multiple * multiple
  }
}
