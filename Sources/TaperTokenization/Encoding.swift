/// A tokenised text, the input of a model. The three arrays have one element a token, the template's included.
public struct Encoding: Hashable, Sendable {
  public var ids: [UInt32]
  /// Token types (segments), 0 or 1; all 0 for models without them.
  public var typeIDs: [UInt32]
  /// Positions in the first or in the second text, whichever the token comes from.
  public var offsets: [TokenOffset]
  /// Which tokens are the first text's, and which the second's; all others are the template's.
  public var texts: [Range<Int>]
  /// Whether tokens of the text were cut off to fit the maximum length.
  public var truncated: Bool

  public init(
    ids: [UInt32], typeIDs: [UInt32], offsets: [TokenOffset], texts: [Range<Int>], truncated: Bool
  ) {
    self.ids = ids
    self.typeIDs = typeIDs
    self.offsets = offsets
    self.texts = texts
    self.truncated = truncated
  }
}

/// A token's place in its text, in Unicode scalars: `begin..<end`. Tokens of the template have (0, 0).
public struct TokenOffset: BitwiseCopyable, Hashable, Sendable {
  public var begin: UInt32
  public var end: UInt32

  @inlinable
  public init(begin: UInt32, end: UInt32) {
    self.begin = begin
    self.end = end
  }
}
