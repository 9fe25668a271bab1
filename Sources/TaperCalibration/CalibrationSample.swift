public import TaperPlanFormat

/// A calibration text as the model sees it, with what the dense model answers.
public struct CalibrationSample: TokenizedText, Hashable, Sendable {
  public var ids: [UInt32]
  /// As many as `ids`.
  public var typeIDs: [UInt32]
  /// The dense model's result: `Calibration.referenceWidth` numbers.
  public var reference: [Float]
  /// Index into `Calibration.labels`, where the text has one of these labels.
  public var label: Int?
  /// The number the text is labelled with, for regression.
  public var value: Float?

  public init(ids: [UInt32], typeIDs: [UInt32], reference: [Float], label: Int? = nil, value: Float? = nil) {
    self.ids = ids
    self.typeIDs = typeIDs
    self.reference = reference
    self.label = label
    self.value = value
  }
}
