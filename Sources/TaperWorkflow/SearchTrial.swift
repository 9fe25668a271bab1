public import TaperAuditor
public import TaperPlanFormat
public import TaperPlanner

/// One candidate of a method search and how it did.
public struct SearchTrial: Hashable, Sendable {
  public struct Candidate: Hashable, Sendable {
    /// Who drops tokens; nil where every token is kept.
    public var dropping: TokenDropping?
    /// Whether runs end at the model's halting points.
    public var halts: Bool
    /// Layers kept; where runs may halt, the cap.
    public var depth: Int
    /// Whether the head's mean is over all tokens' last states, or over those of the kept ones.
    public var restores: Bool
    public var precision: PrecisionAssignment

    public init(
      _ dropping: TokenDropping? = .attention(), halts: Bool = false, depth: Int, restores: Bool = true,
      precision: PrecisionAssignment = PrecisionAssignment()
    ) {
      self.dropping = dropping
      self.halts = halts
      self.depth = depth
      self.restores = restores
      self.precision = precision
    }

    /// Decay of the elimination profile; nil: the calibration's, or none.
    public var decay: Double? {
      if case .attention(let decay)? = dropping { decay } else { nil }
    }

    /// How the model's selectors choose tokens; nil where they do not.
    var selection: TokenSelection? {
      if case .selectors(let selection)? = dropping { selection } else { nil }
    }

    /// The method as the plan's identity names it: "selector-static", "acc+halting".
    public var methodName: String {
      let name: String? =
        switch dropping {
        case nil: nil
        case .attention?: "acc"
        case .selectors(.dynamic)?: "selector"
        case .selectors(.static)?: "selector-static"
        case .words?: "lexical"
        }
      return [name, halts ? "halting" : nil].compactMap(\.self).joined(separator: "+")
    }

    /// A key that no other candidate has.
    var words: String {
      let products = precision.exceptions.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value.rawValue)" }
      return "\(methodName) depth \(depth) decay \(decay.map { "\($0)" } ?? "acc") \(precision.base.rawValue)"
        + products.joined() + (restores ? "" : " mean of kept")
    }
  }

  public struct Score: Hashable, Sendable {
    /// Accuracy, the coefficient of determination of a regression, or what stands for them where texts have no labels:
    /// agreement with the dense model.
    public var metric: Double
    /// Of the metric, 95%: Wilson's for shares; nil where there is none.
    public var interval: ConfidenceInterval?
    /// Mean negative log-likelihood, or the share of variance or agreement left.
    public var loss: Double
    /// Texts judged on.
    public var heldOut: Int
    /// Predicted time of those texts, mean: at their own lengths, counts and depths.
    public var expected: Nanoseconds
    /// Predicted time of the longest text: what the target binds.
    public var worst: Nanoseconds

    public init(
      metric: Double, interval: ConfidenceInterval? = nil, loss: Double, heldOut: Int,
      expected: Nanoseconds = .zero, worst: Nanoseconds = .zero
    ) {
      self.metric = metric
      self.interval = interval
      self.loss = loss
      self.heldOut = heldOut
      self.expected = expected
      self.worst = worst
    }
  }

  public var candidate: Candidate
  /// Texts the head was fitted and judged on, or judged alone.
  public var texts: Int
  public var score: Score

  /// By metric, then expected time, then loss, then depth.
  func isBetter(than other: SearchTrial) -> Bool {
    if score.metric != other.score.metric { return score.metric > other.score.metric }
    if score.expected != other.score.expected { return score.expected < other.score.expected }
    if score.loss != other.score.loss { return score.loss < other.score.loss }
    return candidate.depth > other.candidate.depth
  }
}
