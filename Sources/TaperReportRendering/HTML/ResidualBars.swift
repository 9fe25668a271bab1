import TaperAuditor
import TaperPlanFormat

/// What each part adds to the difference between measured and predicted, to the right where it takes longer.
struct ResidualBars {
  let report: AuditReport

  func render() -> String {
    let sources = report.residualSources
    let whole = Double(max(1, sources.reduce(UInt64(0)) { $0 + $1.predicted.rawValue }))
    let largest = max(1, sources.map { abs($0.difference) }.max() ?? 1)
    var html = "<div class=\"bars\">\n<div class=\"bar head\"><span>part</span><span></span>"
    html +=
      "<span class=\"n\">predicted</span><span class=\"n\">measured</span><span class=\"n\">of all</span></div>\n"
    for source in sources {
      let width = abs(source.difference) / largest * 50
      let isLonger = source.difference >= 0
      html += "<div class=\"bar\"><span class=\"what\">\(Markup.escape(source.name))</span>"
      html += "<svg viewBox=\"0 0 100 18\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
      html +=
        "<line class=\"axis\" x1=\"50\" y1=\"0\" x2=\"50\" y2=\"18\" vector-effect=\"non-scaling-stroke\"/>"
      html += "<rect class=\"\(isLonger ? "longer" : "shorter")\" y=\"4\" height=\"10\" "
      html += "x=\"\(Plot.number(isLonger ? 50 : 50 - width))\" width=\"\(Plot.number(width))\"/></svg>"
      html += "<span class=\"n\">~\(NumberText.time(source.predicted))</span>"
      html += "<span class=\"n\">\(NumberText.time(source.measured))</span>"
      html += "<span class=\"n\">\(NumberText.signedPercent(source.difference / whole))</span></div>\n"
    }
    return html + "</div>\n"
  }
}
