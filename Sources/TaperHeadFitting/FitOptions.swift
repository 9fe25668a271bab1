/// How a head is fitted; the defaults serve sentence embeddings of a few hundred columns.
public struct FitOptions: Hashable, Sendable {
  /// Share of the examples that choose the regularisation and measure the head; below 1.
  public var heldOutFraction = 0.2
  /// Of the split.
  public var seed: UInt64 = 1
  /// L2 strengths to try, for a loss averaged over the examples and standardised features; strongest first.
  public var strengths: [Double]
  /// Used when there are too few examples to hold any out.
  public var fallbackStrength = 1e-2
  /// The largest component of the gradient at which the fit has converged.
  public var tolerance = 1e-6
  public var maximumIterations = 1_000

  public init(strengths: [Double] = [1, 3e-1, 1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5]) {
    precondition(!strengths.isEmpty && strengths.allSatisfy { $0.isFinite && $0 > 0 })
    self.strengths = strengths
  }
}
