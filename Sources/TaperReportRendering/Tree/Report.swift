/// What a command found out, as a tree of values. `TextRenderer`, `HTMLRenderer`, `JSONRenderer` and `JUnitRenderer`
/// are different views of it; none adds a fact.
///
/// A node may have a key, a title, or both. The key is the member of the JSON object it becomes, and is stable; the
/// title is for people. A node without a key is left out of JSON, one without a title (or another thing to show) out
/// of text and pages. Nodes stand in the order of both.
public struct Report: Hashable, Sendable {
  /// "audit": also the name of the JSON inside the page.
  public var command: String
  /// What it is about: a model's name.
  public var subject: String
  /// Columns that text is wrapped at where the terminal has as many.
  public var textWidth: Int
  public var nodes: [ReportNode]

  public init(
    _ command: String, of subject: String, textWidth: Int = 120, @ReportBuilder nodes: () -> [ReportNode]
  ) {
    self.command = command
    self.subject = subject
    self.textWidth = textWidth
    self.nodes = nodes()
  }
}

public indirect enum ReportNode: Hashable, Sendable {
  /// Nodes under a heading; in text after an empty line, with or without a title.
  case section(title: String?, [ReportNode])
  case verdict(Verdict)
  case paragraph(Paragraph)
  case facts(Facts)
  /// A few figures that matter most, for the top of a page.
  case highlights([Highlight])
  case table(ReportTable)
  /// For pages only.
  case chart(Chart)
  /// For programs only.
  case data(key: String, ReportValue)
  /// Of a check that a CI shows, for JUnit only.
  case check(Check)

  public static func section(_ title: String? = nil, @ReportBuilder _ nodes: () -> [ReportNode]) -> ReportNode
  {
    .section(title: title, nodes())
  }

  public static func paragraph(_ text: String, _ style: Paragraph.Style = .wrapped) -> ReportNode {
    .paragraph(Paragraph(text, style))
  }

  public static func data(_ key: String, _ value: ReportValue) -> ReportNode { .data(key: key, value) }

  public static func data(_ key: String, _ text: String) -> ReportNode { .data(key: key, .text(text)) }
}

/// A judgement: a word with a colour and a sign, and why. Its key in JSON is "verdict".
public struct Verdict: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable { case good, bad, unsure }

  public var kind: Kind
  public var word: String
  public var reason: String

  public init(_ kind: Kind, _ word: String, reason: String) {
    self.kind = kind
    self.word = word
    self.reason = reason
  }
}

public struct Paragraph: Hashable, Sendable {
  /// How it is laid out in text.
  public enum Style: Hashable, Sendable {
    /// Two spaces in, wrapped, further lines four spaces in.
    case wrapped
    /// From the margin, wrapped, further lines so many spaces in.
    case hanging(Int)
    /// From the margin, as it is.
    case plain
  }

  public var text: String
  public var style: Style
  /// What follows it where a line has room.
  public var optional: String

  public init(_ text: String, _ style: Style = .wrapped, optional: String = "") {
    self.text = text
    self.style = style
    self.optional = optional
  }
}

/// Names and values, one a line.
public struct Facts: Hashable, Sendable {
  public struct Fact: Hashable, Sendable {
    public var key: String?
    public var name: String
    public var value: ReportValue

    public init(_ name: String, _ value: ReportValue, key: String? = nil) {
      self.key = key
      self.name = name
      self.value = value
    }
  }

  /// The member of the JSON object that the facts with keys become; nil: they become members of the report's own.
  public var key: String?
  public var facts: [Fact]
  /// In text: spaces before the names, and characters that names take at least.
  public var indent: Int
  public var nameWidth: Int

  public init(_ facts: [Fact], key: String? = nil, indent: Int = 2, nameWidth: Int = 0) {
    self.key = key
    self.facts = facts
    self.indent = indent
    self.nameWidth = nameWidth
  }
}

public struct Highlight: Hashable, Sendable {
  public var name: String
  public var value: ReportValue
  public var note: String

  public init(_ name: String, _ value: ReportValue, note: String) {
    self.name = name
    self.value = value
    self.note = note
  }
}

/// One check of a test suite.
public struct Check: Hashable, Sendable {
  public enum Outcome: Hashable, Sendable {
    case passed
    case failed(String)
    case skipped(String)
  }

  public var name: String
  public var time: Double
  public var outcome: Outcome

  /// - Parameter time: seconds.
  public init(_ name: String, time: Double, _ outcome: Outcome) {
    self.name = name
    self.time = time
    self.outcome = outcome
  }
}

/// Collects nodes, with `if`, `switch` and `for`.
@resultBuilder public enum ReportBuilder {
  public static func buildExpression(_ node: ReportNode) -> [ReportNode] { [node] }
  public static func buildExpression(_ nodes: [ReportNode]) -> [ReportNode] { nodes }
  public static func buildExpression(_ table: ReportTable) -> [ReportNode] { [.table(table)] }
  public static func buildExpression(_ chart: Chart?) -> [ReportNode] { chart.map { [.chart($0)] } ?? [] }
  public static func buildBlock(_ parts: [ReportNode]...) -> [ReportNode] { parts.flatMap(\.self) }
  public static func buildOptional(_ part: [ReportNode]?) -> [ReportNode] { part ?? [] }
  public static func buildEither(first part: [ReportNode]) -> [ReportNode] { part }
  public static func buildEither(second part: [ReportNode]) -> [ReportNode] { part }
  public static func buildArray(_ parts: [[ReportNode]]) -> [ReportNode] { parts.flatMap(\.self) }
}
