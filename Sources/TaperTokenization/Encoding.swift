/// Where a token stands in its text: scalar positions, end excluded. Special tokens of the template have (0, 0).
public struct TokenOffset: BitwiseCopyable, Hashable, Sendable {
  public var begin: UInt32
  public var end: UInt32
  public init(begin: UInt32, end: UInt32) {
    self.begin = begin
    self.end = end
  }
}

/// A text, or a pair of texts, as the model reads it. The three arrays are of one length.
public struct Encoding: Hashable, Sendable {
  public var ids: [UInt32]
  public var typeIDs: [UInt32]
  public var offsets: [TokenOffset]
  /// Whether tokens were cut to fit the maximum length.
  public var truncated: Bool
  public init(ids: [UInt32], typeIDs: [UInt32], offsets: [TokenOffset], truncated: Bool) {
    self.ids = ids
    self.typeIDs = typeIDs
    self.offsets = offsets
    self.truncated = truncated
  }
}

struct Token: BitwiseCopyable {
  var id: UInt32
  var offset: TokenOffset
}
