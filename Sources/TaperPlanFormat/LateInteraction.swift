/// How a model of token vectors takes queries and documents, which are compared token by token (ColBERT: Khattab and
/// Zaharia, 2020).
public struct LateInteraction: Hashable, Sendable {
  /// Tokens that fill queries up.
  public struct Expansion: Hashable, Sendable {
    public var token: UInt32
    /// Queries have at least so many tokens.
    public var length: UInt32
    /// Whether longer queries are cut to it.
    public var isFixed: Bool
    /// Whether tokens attend to these.
    public var isAttended: Bool

    public init(token: UInt32, length: Int, isFixed: Bool, isAttended: Bool) {
      self.token = token
      self.length = UInt32(length)
      self.isFixed = isFixed
      self.isAttended = isAttended
    }
  }

  /// The name of the prompt that goes before queries; nil: the default. The default goes before documents.
  public var queryPrompt: String?
  public var expansion: Expansion?
  /// The longest query and document, in tokens; 0: the plan's longest input.
  public var queryLength: UInt32
  public var documentLength: UInt32
  /// Tokens whose vectors are left out, ascending.
  public var skippedIDs: [UInt32]
  public var skipsInQueries: Bool
  public var skipsInDocuments: Bool

  public init(
    queryPrompt: String? = nil, expansion: Expansion? = nil, queryLength: Int = 0, documentLength: Int = 0,
    skippedIDs: [UInt32] = [], skipsInQueries: Bool = false, skipsInDocuments: Bool = true
  ) {
    self.queryPrompt = queryPrompt
    self.expansion = expansion
    self.queryLength = UInt32(queryLength)
    self.documentLength = UInt32(documentLength)
    self.skippedIDs = skippedIDs
    self.skipsInQueries = skipsInQueries
    self.skipsInDocuments = skipsInDocuments
  }

  /// Whether some tokens of queries are seen by no token, so that plans must keep them all.
  public var hidesTokens: Bool { expansion.map { !$0.isAttended } ?? false }
}
