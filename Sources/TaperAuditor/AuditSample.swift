public import TaperPlanFormat

/// A text to audit a plan with.
public struct AuditSample: TokenizedText, Hashable, Sendable {
  /// The caller's number of it, for example the data's line. The two texts of a pair that are run each alone have one
  /// number and stand next to each other.
  public var index: Int
  public var ids: [UInt32]
  /// As many as `ids`, or none for all zero.
  public var typeIDs: [UInt32]
  /// What the dense model answers, as wide as the plan's head; nil when there is nothing to compare with.
  public var reference: [Float]?
  /// Index into the plan's labels of the right answer.
  public var label: Int?
  /// The right number, for regression; of a pair of texts run each alone, the first one's.
  public var value: Float?
  /// Shown with a changed answer; nil keeps texts out of the report.
  public var text: String?

  public init(
    index: Int, ids: [UInt32], typeIDs: [UInt32] = [], reference: [Float]? = nil, label: Int? = nil,
    value: Float? = nil, text: String? = nil
  ) {
    self.index = index
    self.ids = ids
    self.typeIDs = typeIDs
    self.reference = reference
    self.label = label
    self.value = value
    self.text = text
  }
}
