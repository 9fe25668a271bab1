public import TaperAuditor
import TaperJSON
import TaperPlanFormat

/// A sweep as one self-contained page: the curve, the table, the JSON.
public enum SweepHTMLRenderer {
  public static func render(_ report: SweepReport, weights: String, drop: Double?) -> String {
    let words = SweepWords(report: report)
    let chart = SweepChart(report)
    var body =
      "<h1>Sweep of \(Markup.escape(report.model))</h1>\n<p class=\"soft\">\(Markup.escape(words.subject))</p>\n"
    if let drop, let sentence = words.fastest(losingAtMost: drop) {
      body += "<p>\(Markup.escape(sentence.prefix(1).uppercased() + sentence.dropFirst()))</p>\n"
    }
    if let figure = chart.render(), let metric = report.metric {
      body += "<h2>\(metric.words) over speedup</h2>\n<div class=\"legend\">"
      for (number, method) in chart.methods.enumerated() {
        body += "<span><i class=\"series s\(number % 6)\"></i>\(Markup.escape(method))</span>"
      }
      body +=
        "<span><i class=\"dense\"></i>dense plan</span><span>filled: Pareto set; whisker: 95% interval</span></div>\n"
      body += "<figure>\(figure)</figure>\n"
    }
    let columns = words.columns
    body += "<h2>Plans</h2>\n<div class=\"scroll\"><table><thead><tr><th class=\"l\">plan</th>"
    body += columns.map { "<th>\(Markup.escape($0.heading))</th>" }.joined() + "</tr></thead>\n<tbody>\n"
    for row in report.rows {
      let mark = words.isMarked(row) ? SweepWords.mark + " " : ""
      body += "<tr><td class=\"l\">\(mark)\(Markup.escape(row.name))</td>"
      body += columns.map { "<td>\(Markup.escape($0.cell(row)))</td>" }.joined() + "</tr>\n"
    }
    body += "</tbody></table></div>\n"
    if let legend = words.legend { body += "<p class=\"soft\">\(Markup.escape(legend)).</p>\n" }
    return Markup.page(
      title: "sweep of \(report.model)", body: body, dataName: "sweep",
      data: SweepJSONRenderer.value(report, weights: weights).serialized())
  }
}
