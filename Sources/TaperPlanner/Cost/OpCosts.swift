package import TaperPlanFormat

/// What the planner asks of a cost model. Functions, so that tests can plan against costs they write down.
package struct OpCosts: Sendable {
  /// Predicted cost of an op served by a kernel at so many rows and inner rows.
  package var predict:
    @Sendable (_ op: PlanOp, _ kernel: KernelID, _ rows: Int, _ innerRows: Int) -> Prediction
  /// Kernels of the profile for a kind of op; empty when it has none.
  package var kernels: @Sendable (OpKind) -> [KernelID]

  /// A run's prediction from its ops'.
  package var endToEnd: @Sendable ([Prediction]) -> Prediction
  /// What a run costs beyond its ops.
  package var runOverhead: Nanoseconds
  /// How much longer than the median a run takes at a percentile; nil when the profile does not say.
  package var tail: @Sendable (Percentile) -> Double?
  /// The costs in plans that read so many bytes of weights in a run, of which a part may stay in caches; nil: the same.
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

  /// The costs in plans that read so many bytes of weights in a run.
  func reading(_ weights: Bytes) -> OpCosts { resident?(weights) ?? self }
}
