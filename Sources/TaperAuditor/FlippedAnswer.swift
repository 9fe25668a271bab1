/// A text to which the plan gives another label than the dense model, or other labels.
public struct FlippedAnswer: Hashable, Sendable {
  /// The caller's number of the text: its line in the data, or its place (from 1) in the calibration.
  public let index: Int
  public let tokens: Int
  public let dense: String
  public let planned: String
  /// The plan's score for its most likely label; nil where it is not known.
  public let score: Double?
  /// The right label, where known.
  public let expected: String?
  public let text: String?

  public init(
    index: Int, tokens: Int, dense: String, planned: String, score: Double? = nil,
    expected: String?, text: String? = nil
  ) {
    self.index = index
    self.tokens = tokens
    self.dense = dense
    self.planned = planned
    self.score = score
    self.expected = expected
    self.text = text
  }
}
