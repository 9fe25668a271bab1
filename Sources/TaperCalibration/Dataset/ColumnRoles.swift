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

  /// The columns that `options` names, the others by their usual names. `spelled` are names as the file has them.
  /// - Throws: the name that is not among them; `nil` when no name is that of a text column.
  init(
    _ spelled: [String], options: DatasetOptions, usual: (_ names: [String]) -> ColumnRoles?
  ) throws(MissingColumn) {
    func place(_ name: String?) throws(MissingColumn) -> Int? {
      guard let name else { return nil }
      guard let place = spelled.firstIndex(where: { $0.trimmingSpaces() == name }) else {
        throw MissingColumn(expected: [name])
      }
      return place
    }
    let (text, pair) = (try place(options.textColumn), try place(options.pairColumn))
    let label = try place(options.labelColumn)
    if let text {
      let known = usual(spelled)?.label
      self.init(text: text, pair: pair, label: label ?? (known == text || known == pair ? nil : known))
      return
    }
    guard var roles = usual(spelled) else {
      throw MissingColumn(expected: ["text", "sentence", "sentence1", "question"])
    }
    if let pair { roles.pair = pair }
    if let label { roles.label = label }
    self = roles
  }

  init(text: Int, pair: Int? = nil, label: Int? = nil) {
    self.text = text
    self.pair = pair
    self.label = label
  }

  /// No column has one of these names.
  struct MissingColumn: Error {
    var expected: [String]
  }

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
