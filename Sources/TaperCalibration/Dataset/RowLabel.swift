/// A row's label as the file spells it, and the number it stands for if it is one.
///
/// Classification reads `text` ("1" and 1 are the same class); regression reads `number`.
public struct RowLabel: Hashable, Sendable {
  public let text: String
  /// The finite number that `text` spells, else nil.
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
