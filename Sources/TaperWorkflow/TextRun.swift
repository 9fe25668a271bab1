/// What a plan did with one text.
public struct TextRun: Hashable, Sendable {
  public var result: [Float]
  /// T(0)…T(L): the schedule's, or fewer where selectors kept fewer; behind `depth` nothing was computed.
  public var keptTokens: [Int]
  /// Layers it ran: as many as the plan has, or fewer where a halting point ended it.
  public var depth: Int

  public init(result: [Float], keptTokens: [Int], depth: Int) {
    self.result = result
    self.keptTokens = keptTokens
    self.depth = depth
  }
}
