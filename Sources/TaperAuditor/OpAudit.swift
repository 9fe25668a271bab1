public import TaperPlanFormat

/// One op at the reference length: what the plan predicts, and the median of its traces.
public struct OpAudit: Hashable, Sendable {
  /// Its place in the plan.
  public let index: Int
  public let op: PlanOp
  /// The kernel that serves it at this length.
  public let kernel: KernelID?
  /// The values of its symbols at this length.
  public let rows: Int
  public let innerRows: Int
  /// At this length; its work and traffic place the op under the roofline.
  public let prediction: Prediction
  public let measured: Nanoseconds

  public init(
    index: Int, op: PlanOp, kernel: KernelID?, rows: Int, innerRows: Int, prediction: Prediction,
    measured: Nanoseconds
  ) {
    self.index = index
    self.op = op
    self.kernel = kernel
    self.rows = rows
    self.innerRows = innerRows
    self.prediction = prediction
    self.measured = measured
  }

  public var predicted: Nanoseconds { prediction.time }

  public var layer: Int { Int(op.layer) }

  /// Measured / predicted − 1; nil when nothing was predicted.
  public var residual: Double? { Residual.of(measured, predicted: predicted) }

  /// What it computes, in few words, for example "gemm 32×1536×384 gelu".
  public var label: String {
    let shape = op.described(op.kind.definition.label, rows: rows, innerRows: innerRows)
    let text = op.kind.name + " " + shape
    return op.activation == .none ? text : text + " " + op.activation.name
  }
}
