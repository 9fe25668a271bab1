/// Where a token stands in its text: Unicode scalars `begin..<end`. Tokens of the template have (0, 0).
public struct TokenOffset: BitwiseCopyable, Hashable, Sendable {
  public var begin: UInt32
  public var end: UInt32

  @inlinable
  public init(begin: UInt32, end: UInt32) {
    self.begin = begin
    self.end = end
  }
}
