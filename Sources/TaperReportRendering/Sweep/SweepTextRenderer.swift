public import TaperAuditor
import TaperPlanFormat

/// A sweep as a table for a terminal. Predicted numbers are marked with ~.
public enum SweepTextRenderer {
  /// - Parameter drop: share of the metric that may be lost; names the fastest plan within it.
  public static func render(_ report: SweepReport, drop: Double?) -> String {
    let words = SweepWords(report: report)
    let columns = words.columns
    var table = TextTable(headings: ["", "plan"] + columns.map(\.heading), leftAligned: [0, 1])
    for row in report.rows {
      table.add(
        [words.isMarked(row) ? SweepWords.mark : "", row.name] + columns.map { $0.cell(row) })
    }
    var lines = [words.subject, ""] + table.lines()
    if let legend = words.legend { lines += ["", legend] }
    if let drop, let sentence = words.fastest(losingAtMost: drop) { lines.append(sentence) }
    return lines.joined(separator: "\n")
  }
}
