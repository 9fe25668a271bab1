public import TaperPlanFormat

/// One measured point of an entry.
public struct ProfilePoint: Hashable, Sendable {
  public var rows: Int
  /// Keys or input rows; 1 for ops whose time does not depend on them.
  public var innerRows: Int
  public var time: TimeDistribution
  public init(rows: Int, innerRows: Int = 1, time: TimeDistribution) {
    self.rows = rows
    self.innerRows = innerRows
    self.time = time
  }
}

/// The times of one kernel on one shape with one thread count. A time is that of the op with fork and join, with warm
/// activations. Weights are cold (from memory) or near: in the last cache, as in a model that fits there.
public struct ProfileEntry: Hashable, Sendable {
  public var kernel: KernelID
  public var shape: OpShape
  public var threads: Int
  /// Whether weights came from the last cache; only for products.
  public var isNear: Bool
  /// Ascending by (innerRows, rows), without duplicates.
  public var points: [ProfilePoint]
  public init(kernel: KernelID, shape: OpShape, threads: Int, isNear: Bool = false, points: [ProfilePoint]) {
    self.kernel = kernel
    self.shape = shape
    self.threads = threads
    self.isNear = isNear
    self.points = points
  }
}
