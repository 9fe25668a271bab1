/// What is known about a fitted head.
public struct FitReport: Hashable, Sendable {
  /// How the head does on examples that it was not fitted on. It is measured before the last fit on
  /// everything.
  public enum Validation: Hashable, Sendable {
    /// Too few examples to hold any out.
    case none
    /// How many of the held-out labels are right, and the mean negative log-likelihood.
    case classification(right: Int, loss: Double)
    /// Over all outputs: 1 − squared error / variance, and Pearson's correlation (mean over outputs).
    case regression(rSquared: Double, pearson: Double)
  }

  /// One L2 strength that was tried, and the held-out loss it gave.
  public struct Candidate: Hashable, Sendable {
    public var strength: Double
    public var heldOutLoss: Double
  }

  /// A held-out example, and the class it was given.
  public struct HeldOutAnswer: Hashable, Sendable {
    public var example: Int
    public var label: Int
  }

  public var examples: Int
  public var heldOutExamples: Int
  public var strength: Double
  public var candidates: [Candidate]
  public var validation: Validation
  /// What classes the held-out examples were given, ascending by example; empty for numbers.
  public var heldOutAnswers: [HeldOutAnswer] = []
  /// Of the last fit; 0 for a head in closed form.
  public var iterations: Int
  /// Whether the last fit reached the tolerance.
  public var converged: Bool
}
