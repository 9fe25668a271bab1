/// A planner pass: named, switchable (`--disable-pass NAME`), run in the order of the cases. Each is a pure function;
/// with any of them off the plan is still correct, only slower or larger. specs/planning.md, "Passes".
public enum PlannerPass: String, CaseIterable, Hashable, Sendable {
  /// Keep counts rounded up to the row tile where the extra rows cost the products nothing.
  case tileRounding = "tile-rounding"
  /// Rows nobody reads are not computed: [CLS] pooling needs row 0 of the last layer only.
  case deadRowElimination = "dead-row-elimination"
  /// Layers that drop tokens compute all rows' context together with the token scores, where that is predicted faster
  /// than keeping every probability until the kept rows are known.
  case fuseAttentionScores = "fuse-attention-scores"
  /// Kept rows are read through an index instead of being copied together first.
  case fuseGather = "fuse-gather"
  /// Bias, residual sum and layer norm in one sweep over the rows.
  case fuseResidualLayerNorm = "fuse-residual-layer-norm"
  /// Bias and activation inside the product.
  case fuseBiasActivation = "fuse-bias-activation"
  /// Products of the same input become one, with stacked weights.
  case fuseQKV = "fuse-qkv"
  /// Outputs are written over inputs that nothing reads after the op.
  case inPlace = "in-place"
  /// Each op served by the kernel that the profile predicts to be fastest for its row count.
  case kernelSelection = "kernel-selection"
  /// The inputs that norms give to int8 products are scaled by column, so that fewer columns stand out (`Smoothing`).
  case smoothColumns = "smooth-columns"
  /// Norms and products encode what products of low precision read, where that is predicted to be faster.
  case fuseEncodings = "fuse-encodings"
  /// Slots whose lifetimes do not meet share memory.
  case arenaPlanning = "arena-planning"

  /// The name on the command line and in the plan.
  public var name: String { rawValue }
}
