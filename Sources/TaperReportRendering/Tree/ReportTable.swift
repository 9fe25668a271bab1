/// A table, or a tree where rows have children: columns, and rows of typed cells.
///
/// JSON has it as an array of objects under `key`, a member for each column with a key. Text and pages have the
/// columns with a heading.
public struct ReportTable: Hashable, Sendable {
  public struct Column: Hashable, Sendable {
    public enum Alignment: Hashable, Sendable { case left, right }

    public var key: String?
    public var heading: String?
    public var alignment: Alignment
    /// Left out where there is little room: on a narrow terminal, and on a phone.
    public var isOptional: Bool
    /// More of the column before it: pages put it below that one's text, in small letters.
    public var isDetail = false
    /// In text: characters that the column takes, more where its cells would touch a neighbour's; nil: as many as its
    /// longest cell.
    public var width: Room?
    /// In text: spaces before it; nil: none for a column with a width, two for others.
    public var gap: Int?
    /// In text: longer cells are cut.
    public var limit: Room?

    /// - Parameters:
    ///   - key: of the member in JSON; nil: not there.
    ///   - heading: nil: for programs only.
    public init(
      _ heading: String?, key: String? = nil, _ alignment: Alignment = .right, isOptional: Bool = false,
      width: Room? = nil, gap: Int? = nil, limit: Room? = nil
    ) {
      self.key = key
      self.heading = heading
      self.alignment = alignment
      self.isOptional = isOptional
      self.width = width
      self.gap = gap
      self.limit = limit
    }

    /// For programs only.
    public static func data(_ key: String) -> Column { Column(nil, key: key) }

    /// More of the column before it, without a heading of its own.
    public static func detail(isOptional: Bool) -> Column {
      var column = Column("", isOptional: isOptional)
      column.isDetail = true
      return column
    }
  }

  /// Characters on a terminal, by how wide it is.
  public struct Room: Hashable, Sendable, ExpressibleByIntegerLiteral {
    public var wide: Int
    public var narrow: Int

    public init(_ wide: Int, narrow: Int) {
      self.wide = wide
      self.narrow = narrow
    }

    public init(integerLiteral value: Int) { self.init(value, narrow: value) }
  }

  public struct Row: Hashable, Sendable {
    /// One a column, in order; of a row with children one a branch column, where the table has those.
    public var cells: [ReportValue]
    /// A cell to draw the eye to, for it is out of bounds.
    public var alarm: Int?
    public var children: [Row]
    /// A sum or a legend among the rows: left out of JSON.
    public var isSummary: Bool

    public init(_ cells: [ReportValue], alarm: Int? = nil, children: [Row] = [], isSummary: Bool = false) {
      self.cells = cells
      self.alarm = alarm
      self.children = children
      self.isSummary = isSummary
    }
  }

  /// Bars that a page draws in each row.
  public enum Bars: Hashable, Sendable {
    /// One a column, to one scale, with the colours of `classes`.
    case columns([Int], classes: [String])
    /// To the right from the middle where the column's value is above zero, to the left below.
    case signed(Int)
  }

  /// How text lays it out.
  public enum Style: Hashable, Sendable {
    /// So many spaces before each line, and two between columns.
    case indented(Int)
    /// From the margin, with a rule below the headings.
    case ruled
  }

  public var key: String?
  public var columns: [Column]
  /// Of rows with children; nil: as `columns`.
  public var branchColumns: [Column]?
  public var rows: [Row]
  public var style: Style
  public var showsHeadings: Bool
  /// Characters that a step down the tree takes in text.
  public var branchWidth: Int
  public var bars: Bars?

  public init(
    key: String? = nil, _ columns: [Column], branchColumns: [Column]? = nil, style: Style = .indented(2),
    showsHeadings: Bool = true, branchWidth: Int = 2, bars: Bars? = nil, rows: [Row]
  ) {
    self.key = key
    self.columns = columns
    self.branchColumns = branchColumns
    self.rows = rows
    self.style = style
    self.showsHeadings = showsHeadings
    self.branchWidth = branchWidth
    self.bars = bars
  }

  var isTree: Bool { rows.contains { !$0.children.isEmpty } }
}
