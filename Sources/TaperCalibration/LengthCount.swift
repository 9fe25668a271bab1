/// How many texts have a length: one bar of a length histogram.
public struct LengthCount: Hashable, Sendable {
  /// Special tokens included.
  public var tokens: Int
  public var count: Int
  public init(tokens: Int, count: Int) {
    self.tokens = tokens
    self.count = count
  }
}
