public import TaperPlanFormat

/// A linear head that replaces the model's, or is added to an embedding model: a head refitted on reduced features.
public struct HeadOverride: Hashable, Sendable {
  public var kind: HeadKind
  /// [outputs, hidden], row-major.
  public var weight: [Float]
  /// [outputs]
  public var bias: [Float]
  /// One an output for classification and multi-label; empty for regression.
  public var labels: [String]

  public init(kind: HeadKind = .classification, weight: [Float], bias: [Float], labels: [String]) {
    self.kind = kind
    self.weight = weight
    self.bias = bias
    self.labels = labels
  }

  /// A head of the right shape without content, to plan with before one is fitted.
  public static func unfitted(kind: HeadKind, outputs: Int, width: Int, labels: [String]) -> HeadOverride {
    HeadOverride(
      kind: kind, weight: [Float](repeating: 0, count: outputs * width),
      bias: [Float](repeating: 0, count: outputs), labels: labels)
  }
}
