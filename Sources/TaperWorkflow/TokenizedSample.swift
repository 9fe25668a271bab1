public import TaperCalibration
public import TaperModelSpec
public import TaperPlanFormat
internal import TaperTokenization

extension CalibrationSample {
  /// As the encoder reads it.
  var tokenized: TokenizedSample { TokenizedSample(ids: ids, typeIDs: typeIDs) }
}

/// A text as the encoder reads it, with its label where there is one.
public struct TokenizedSample: TokenizedText, Hashable, Sendable {
  public var ids: [UInt32]
  /// Empty: all zero.
  public var typeIDs: [UInt32]
  public var label: RowLabel?
  /// 1-based line of the file it comes from; 0 when it is of none.
  public var line: Int
  /// Whether tokens were cut off to fit the longest input.
  public var isCut: Bool

  public init(
    ids: [UInt32], typeIDs: [UInt32], label: RowLabel? = nil, line: Int = 0, isCut: Bool = false
  ) {
    self.ids = ids
    self.typeIDs = typeIDs
    self.label = label
    self.line = line
    self.isCut = isCut
  }

  /// Tokenizes every row, truncating to `maximumLength` tokens (specials included).
  /// - Throws: `promptLeftOut` where a prompt would go before them that the model does not pool.
  public static func tokenize(
    _ rows: some Sequence<TextRow>, model: ModelSpec, maximumLength: Int
  ) throws(WorkflowError) -> [TokenizedSample] {
    if model.leavesPromptOut, let name = model.prompts.defaultName { throw .promptLeftOut(name: name) }
    return rows.map { row in
      let encoding = model.tokenizer.encode(
        model.prompts.before(row.text), pair: row.pair, maximumLength: maximumLength)
      let typeIDs = encoding.typeIDs.contains { $0 != 0 } ? encoding.typeIDs : []
      return TokenizedSample(
        ids: encoding.ids, typeIDs: typeIDs, label: row.label, line: row.line, isCut: encoding.truncated)
    }
  }
}
