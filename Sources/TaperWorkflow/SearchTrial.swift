public import TaperAuditor
public import TaperPlanFormat
public import TaperPlanner

/// One candidate of a method search and how it did.
public struct SearchTrial: Hashable, Sendable {
  public struct Candidate: Hashable, Sendable {
    /// One that the planner plans.
    public var method: PlanningMethod
    /// Of a method with selectors.
    public var selection: TokenSelection
    /// Layers kept; where runs may halt, the cap.
    public var depth: Int
    /// Decay of the elimination profile; nil: the calibration's.
    public var decay: Double?
    /// Whether the head's mean is over all tokens' last states, or over those of the kept ones.
    public var restores: Bool
    public var precision: PrecisionAssignment

    public init(
      method: PlanningMethod = .acc, selection: TokenSelection = .dynamic, depth: Int, decay: Double? = nil,
      restores: Bool = true,
      precision: PrecisionAssignment = PrecisionAssignment()
    ) {
      self.method = method
      self.selection = selection
      self.depth = depth
      self.decay = decay
      self.restores = restores
      self.precision = precision
    }

    /// The request that plans this candidate.
    func applied(to request: PlanningRequest) -> PlanningRequest {
      var request = request
      request.method = method
      request.selection = selection
      request.depth = depth
      request.decay = decay
      request.restoresDroppedTokens = restores
      request.precision = precision
      return request
    }

    /// The method as the plan's identity says it: "selector-static", "acc+halting".
    public var methodName: String {
      let word = PlanningMethod.selector.rawValue
      return method.selects && selection == .static
        ? method.rawValue.replacing(word, with: word + "-static") : method.rawValue
    }

    /// All of it, in words that no other candidate has.
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
