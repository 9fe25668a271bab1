/// Rows of cells in aligned columns, numbers to the right.
struct TextTable {
  private var rows: [(cells: [String], ink: (String) -> String)]
  private let leftAligned: Set<Int>

  init(headings: [String], leftAligned: Set<Int>) {
    rows = [(headings, { $0 })]
    self.leftAligned = leftAligned
  }

  mutating func add(_ cells: [String], ink: @escaping (String) -> String = { $0 }) {
    precondition(cells.count == rows[0].cells.count)
    rows.append((cells, ink))
  }

  /// Two spaces before each line and between columns; no spaces at the ends.
  func lines() -> [String] {
    let widths = rows[0].cells.indices.map { column in rows.map { $0.cells[column].count }.max() ?? 0 }
    return rows.map { row in
      var line = ""
      for (column, cell) in row.cells.enumerated() {
        let space = String(repeating: " ", count: widths[column] - cell.count)
        line += "  " + (leftAligned.contains(column) ? cell + space : space + cell)
      }
      while line.last == " " { line.removeLast() }
      return row.ink(line)
    }
  }
}
