package import TaperPlanFormat

/// What the planner needs of a cost model, as functions, so that tests can plan with costs of their own.
package struct OpCosts: Sendable {
  /// Predicted cost of an op served by a kernel at these rows and inner rows.
  package var predict:
    @Sendable (_ op: PlanOp, _ kernel: KernelID, _ rows: Int, _ innerRows: Int) -> Prediction
  /// The profile's kernels for a kind of op; empty when it has none.
  package var kernels: @Sendable (OpKind) -> [KernelID]

  /// A run's prediction from those of its ops.
  package var endToEnd: @Sendable ([Prediction]) -> Prediction
  /// The overhead of a run beyond its ops.
  package var runOverhead: Nanoseconds
  /// Time at a percentile over the median time of a run; nil when the profile does not have it.
  package var tail: @Sendable (Percentile) -> Double?
  /// The costs in plans whose runs read this many bytes of weights, some of which may stay in caches; nil when equal.
  package var resident: (@Sendable (Bytes) -> OpCosts)?

  package init(
    predict: @escaping @Sendable (PlanOp, KernelID, Int, Int) -> Prediction,
    kernels: @escaping @Sendable (OpKind) -> [KernelID],
    endToEnd: @escaping @Sendable ([Prediction]) -> Prediction, runOverhead: Nanoseconds,
    tail: @escaping @Sendable (Percentile) -> Double? = { $0 == .p50 ? 1 : nil }
  ) {
    self.predict = predict
    self.kernels = kernels
    self.endToEnd = endToEnd
    self.runOverhead = runOverhead
    self.tail = tail
  }

  /// The costs in plans whose runs read this many bytes of weights.
  func reading(_ weights: Bytes) -> OpCosts { resident?(weights) ?? self }
}
