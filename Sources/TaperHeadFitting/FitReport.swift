/// How a head was fitted, and how well.
public struct FitReport: Hashable, Sendable {
  /// Quality on held-out examples, measured before the last fit on all examples.
  public enum Validation: Hashable, Sendable {
    /// Too few examples to hold any out.
    case none
    /// The number of correct held-out labels, and the mean negative log-likelihood.
    case classification(right: Int, loss: Double)
    /// Over all outputs: 1 − squared error / variance, and Pearson's correlation (mean over outputs).
    case regression(rSquared: Double, pearson: Double)
  }

  /// An L2 strength that was tried, and its held-out loss.
  public struct Candidate: Hashable, Sendable {
    public var strength: Double
    public var heldOutLoss: Double
  }

  /// A held-out example and its predicted class.
  public struct HeldOutAnswer: Hashable, Sendable {
    public var example: Int
    public var label: Int
  }

  /// A held-out example and its predicted number, the first of the head's.
  public struct HeldOutValue: Hashable, Sendable {
    public var example: Int
    public var value: Float
  }

  public var examples: Int
  public var heldOutExamples: Int
  public var strength: Double
  public var candidates: [Candidate]
  public var validation: Validation
  /// Predicted classes of the held-out examples, ascending by example; empty for regression.
  public var heldOutAnswers: [HeldOutAnswer] = []
  /// Predicted numbers of the held-out examples, ascending by example; empty for classification.
  public var heldOutValues: [HeldOutValue] = []
  /// Of the last fit; 0 for a head in closed form.
  public var iterations: Int
  /// Whether the last fit reached the tolerance.
  public var converged: Bool
}

/// How a head is fitted. The defaults suit sentence embeddings of a few hundred columns.
public struct FitOptions: Hashable, Sendable {
  /// Share of the examples held out to choose the regularisation and to measure the head; below 1.
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
