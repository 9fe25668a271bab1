/// Which columns of a table hold the text, the second text of a pair, and the label.
///
/// Names are those of GLUE's tasks and of common exports. They are compared in lower case without surrounding spaces,
/// and the first match wins. JSON lines use the same names as keys.
struct ColumnRoles: Hashable, Sendable {
  var text: Int
  var pair: Int?
  var label: Int?

  /// Names of (text, pair), the most specific first. A pair matches only when both names are present.
  static let texts: [(text: String, pair: String?)] = [
    ("text", "text_pair"), ("question", "sentence"), ("sentence1", "sentence2"), ("question1", "question2"),
    ("premise", "hypothesis"), ("#1 string", "#2 string"), ("text", nil), ("sentence", nil),
    ("sentence1", nil),
    ("question", nil), ("content", nil),
  ]
  static let labels = [
    "label", "gold_label", "score", "quality", "is_duplicate", "sentiment", "category", "class",
  ]

  /// nil when no name is that of a text column.
  init?(names: [String]) {
    let names = names.map { $0.trimmingSpaces().lowercased() }
    for (text, pair) in ColumnRoles.texts {
      guard let textColumn = names.firstIndex(of: text) else { continue }
      if let pair {
        guard let pairColumn = names.firstIndex(of: pair) else { continue }
        self.pair = pairColumn
      } else {
        self.pair = nil
      }
      self.text = textColumn
      self.label = ColumnRoles.labels.lazy.compactMap { names.firstIndex(of: $0) }.first
      return
    }
    return nil
  }

  /// Orange's three header lines: the label is the column flagged `class`. The text is the column with the name of a
  /// text column, else the first of type `string`, else the first that is not the label.
  init?(names: [String], types: [String], flags: [String]) {
    let types = types.map { $0.trimmingSpaces().lowercased() }
    // Flags of columns without a name are ignored.
    let isClass = flags.prefix(names.count).map { $0.split(separator: " ").contains("class") }
    let label = isClass.firstIndex(of: true)
    if let named = ColumnRoles(names: names), named.text != label {
      self = named
      self.label = label ?? named.label
      return
    }
    let candidates = names.indices.filter { $0 != label }
    let strings = candidates.filter { $0 < types.count && (types[$0] == "string" || types[$0] == "s") }
    guard let text = strings.first ?? candidates.first else { return nil }
    self.text = text
    self.pair = nil
    self.label = label
  }
}
