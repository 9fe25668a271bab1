import TaperPlanFormat

/// A report for a terminal.
public enum TextRenderer {
  /// - Parameters:
  ///   - color: whether to colour the verdict and what is out of bounds, by ANSI escapes.
  ///   - columns: of the terminal; below 110 optional columns are left out and lines are wrapped at 80.
  public static func render(_ report: Report, color: Bool = false, columns: Int = .max) -> String {
    let isNarrow = columns < 110
    let page = TextPage(isNarrow: isNarrow, width: isNarrow ? 80 : report.textWidth, ink: Ink(isOn: color))
    return page.lines(report.nodes).map { $0 + "\n" }.joined()
  }
}

private struct TextPage {
  let isNarrow: Bool
  let width: Int
  let ink: Ink

  func lines(_ nodes: [ReportNode]) -> [String] { nodes.flatMap(lines) }

  private func lines(_ node: ReportNode) -> [String] {
    switch node {
    case .section(let title, let nodes):
      let lines = lines(nodes)
      return lines.isEmpty ? [] : [""] + (title.map { [printable($0)] } ?? []) + lines
    case .verdict(let verdict):
      return [ink.verdict(verdict)] + lines(.paragraph(verdict.reason))
    case .paragraph(let paragraph):
      let text = printable(paragraph.text + (isNarrow ? "" : paragraph.optional))
      return switch paragraph.style {
      case .wrapped: ("  " + text).wrapped(width, indent: 4)
      case .hanging(let indent): text.wrapped(width, indent: indent)
      case .plain: [text]
      }
    case .facts(let facts): return lines(facts)
    case .table(let table): return lines(table)
    case .highlights, .chart, .data, .check: return []
    }
  }

  private func lines(_ facts: Facts) -> [String] {
    let nameWidth = max(facts.nameWidth, facts.facts.map(\.name.count).max() ?? 0)
    let space = String(repeating: " ", count: facts.indent)
    return facts.facts.flatMap { fact in
      (space + padded(printable(fact.name), nameWidth, .left) + "  " + printable(fact.value.text))
        .wrapped(width, indent: facts.indent + nameWidth + 2)
    }
  }

  // MARK: Tables and trees

  private typealias Column = ReportTable.Column

  private struct Line {
    var columns: [Column]
    var cells: [String]
    var isAlarming = false
  }

  private func lines(_ table: ReportTable) -> [String] {
    var body: [Line] = []
    add(table.rows, of: table, prefix: nil, to: &body)
    let heads = Line(columns: table.columns, cells: table.columns.map { $0.heading ?? "" })
    let lines = (table.showsHeadings ? [heads] : []) + body
    let visible = table.columns.indices.filter { isVisible(table.columns[$0]) }
    guard !visible.isEmpty else { return [] }
    let widths = widths(of: table.columns, in: lines)
    let branchWidths = table.branchColumns.map { self.widths(of: $0, in: lines) }
    var indent = 0
    if case .indented(let spaces) = table.style { indent = spaces }
    var texts = lines.map { line in
      var text = String(repeating: " ", count: indent)
      var isFirst = true
      let widths = line.columns == table.columns ? widths : branchWidths ?? widths
      for (place, (column, cell)) in zip(line.columns, line.cells).enumerated() where isVisible(column) {
        text += String(repeating: " ", count: gap(before: column, isFirst: isFirst))
        text += padded(cell, widths[place], column.alignment)
        isFirst = false
      }
      while text.last == " " { text.removeLast() }
      return line.isAlarming ? ink.red(text) : text
    }
    if case .ruled = table.style {
      let rule = visible.map { String(repeating: "─", count: widths[$0]) }.joined(separator: "  ")
      texts.insert(rule, at: min(1, texts.count))
    }
    return texts
  }

  /// Characters that each column takes in the lines that have these columns: its own width, or its longest cell's; one
  /// more than the longest where nothing else would keep cells of neighbours apart.
  private func widths(of columns: [Column], in lines: [Line]) -> [Int] {
    let lines = lines.filter { $0.columns == columns }
    let visible = columns.indices.filter { isVisible(columns[$0]) }
    return columns.indices.map { place in
      let longest = lines.map { $0.cells[place].count }.max() ?? 0
      guard let width = columns[place].width.map(room), let rank = visible.firstIndex(of: place) else {
        return longest
      }
      let touches: Bool
      switch columns[place].alignment {
      case .right: touches = rank > 0 && gap(before: columns[place], isFirst: false) == 0
      case .left:
        // A neighbour that is aligned right keeps its own distance.
        let next = visible.dropFirst(rank + 1).first.map { columns[$0] }
        touches = next.map { $0.alignment == .left && gap(before: $0, isFirst: false) == 0 } ?? false
      }
      return max(width, longest + (touches ? 1 : 0))
    }
  }

  private func gap(before column: Column, isFirst: Bool) -> Int {
    column.gap ?? (column.width == nil && !isFirst ? 2 : 0)
  }

  /// - Parameter prefix: of rows further down a tree; nil at its root.
  private func add(_ rows: [ReportTable.Row], of table: ReportTable, prefix: String?, to lines: inout [Line])
  {
    let last = rows.lastIndex { !$0.isSummary }
    for (place, row) in rows.enumerated() {
      let columns = row.children.isEmpty ? table.columns : table.branchColumns ?? table.columns
      var line = Line(
        columns: columns, cells: zip(columns, row.cells).map { cut($1.text, $0) },
        isAlarming: row.alarm != nil)
      var below: String?
      if table.isTree, !row.isSummary {
        let isLast = place == last
        let dashes = String(repeating: "─", count: table.branchWidth - 2) + " "
        if let first = columns.firstIndex(where: isVisible) {
          line.cells[first] = (prefix ?? "") + (isLast ? "└" : "├") + dashes + line.cells[first]
        }
        below =
          (prefix ?? "") + (isLast ? " " : "│") + String(repeating: " ", count: table.branchWidth - 1)
      }
      lines.append(line)
      add(row.children, of: table, prefix: below, to: &lines)
    }
  }

  private func isVisible(_ column: Column) -> Bool {
    column.heading != nil && !(isNarrow && column.isOptional)
  }

  private func room(_ room: ReportTable.Room) -> Int { isNarrow ? room.narrow : room.wide }

  private func cut(_ text: String, _ column: Column) -> String {
    let text = printable(text)
    guard let limit = column.limit.map(room), text.count > limit else { return text }
    return text.prefix(limit - 1) + "…"
  }

  private func padded(_ text: String, _ width: Int, _ alignment: Column.Alignment) -> String {
    let space = String(repeating: " ", count: max(0, width - text.count))
    return alignment == .left ? text + space : space + text
  }

  /// Text from files, without control characters that a terminal would obey.
  private func printable(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
      result.append(isControl ? "\u{FFFD}" : scalar)
    }
    return String(result)
  }
}

/// Terminal colours, or none.
private struct Ink {
  let isOn: Bool

  func red(_ text: String) -> String { paint(text, "31") }

  func verdict(_ verdict: Verdict) -> String {
    switch verdict.kind {
    case .good: paint(verdict.word, "1;32")
    case .bad: paint(verdict.word, "1;31")
    case .unsure: paint(verdict.word, "1;33")
    }
  }

  private func paint(_ text: String, _ code: String) -> String {
    isOn ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}
