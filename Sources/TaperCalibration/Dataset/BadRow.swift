/// A row that could not be read, and why.
public struct BadRow: Hashable, Sendable, CustomStringConvertible {
  /// 1-based line of the file on which the row begins.
  public var line: Int
  public var reason: String

  public init(line: Int, reason: String) {
    self.line = line
    self.reason = reason
  }

  public var description: String { "line \(line): \(reason)" }
}
