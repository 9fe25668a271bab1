/// One example of a data set: a text or a pair of texts, and its label where the file has one.
public struct TextRow: Hashable, Sendable {
  /// 1-based line of the file on which the row begins.
  public var line: Int
  public var text: String
  public var pair: String?
  public var label: RowLabel?

  public init(line: Int, text: String, pair: String? = nil, label: RowLabel? = nil) {
    self.line = line
    self.text = text
    self.pair = pair
    self.label = label
  }
}
