/// One example of a data set: a text or a pair of texts, and its label if the file has one.
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

/// A row's label as written in the file, and its number if it is one.
///
/// Classification reads `text` ("1" and 1 are the same class); regression reads `number`.
public struct RowLabel: Hashable, Sendable {
  public let text: String
  /// `text` as a finite number; nil when it is none.
  public let number: Double?

  /// Surrounding spaces and tabs are not part of a label.
  public init(_ text: String) {
    let trimmed = text.trimmingSpaces()
    self.text = trimmed
    let value = Double(trimmed)
    number = value.flatMap { $0.isFinite ? $0 : nil }
  }
}

extension String {
  /// Without spaces and tabs at both ends.
  func trimmingSpaces() -> String {
    var view = self[...]
    while let first = view.first, first == " " || first == "\t" { view.removeFirst() }
    while let last = view.last, last == " " || last == "\t" { view.removeLast() }
    return String(view)
  }
}

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

/// A row that a reader returns.
public enum DatasetItem: Hashable, Sendable {
  case row(TextRow)
  case bad(BadRow)
}
