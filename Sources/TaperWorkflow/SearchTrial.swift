internal import TaperPlanner

/// One candidate of a method search and how it did on held-out texts.
public struct SearchTrial: Hashable, Sendable {
  public struct Candidate: Hashable, Sendable {
    /// Layers kept.
    public var depth: Int
    /// Decay of the elimination profile; nil: the calibration's.
    public var decay: Double?

    public init(depth: Int, decay: Double?) {
      self.depth = depth
      self.decay = decay
    }

    /// The request that plans this candidate.
    func applied(to request: PlanningRequest) -> PlanningRequest {
      var request = request
      request.method = .acc
      request.depth = depth
      request.decay = decay
      return request
    }
  }

  public struct Score: Hashable, Sendable {
    /// Accuracy, or the coefficient of determination of a regression.
    public var metric: Double
    /// Mean negative log-likelihood, or the share of variance left.
    public var loss: Double
    public var heldOut: Int

    public init(metric: Double, loss: Double, heldOut: Int) {
      self.metric = metric
      self.loss = loss
      self.heldOut = heldOut
    }
  }

  public var candidate: Candidate
  /// Labelled texts the head was fitted and judged on.
  public var texts: Int
  public var score: Score

  /// By metric, then loss, then depth.
  func isBetter(than other: SearchTrial) -> Bool {
    if score.metric != other.score.metric { return score.metric > other.score.metric }
    if score.loss != other.score.loss { return score.loss < other.score.loss }
    return candidate.depth > other.candidate.depth
  }
}
