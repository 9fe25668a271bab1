import TaperAuditor
import TaperPlanFormat

/// Layers and their ops with predicted and measured time as bars side by side; a layer opens to show its ops,
/// drawn to the same scale.
struct OpBars {
  let report: AuditReport

  func render() -> String {
    let longest = report.layers.map { max($0.predicted, $0.measured) }.max() ?? Nanoseconds(1)
    let words = ReportWords(report: report)
    var html = "<div class=\"bars\">\n<div class=\"bar head\"><span>layer</span><span></span>"
    html +=
      "<span class=\"n\">predicted</span><span class=\"n\">measured</span><span class=\"n\">residual</span></div>\n"
    for layer in report.layers {
      let name =
        "\(words.layerName(layer.layer)) <small>→ \(NumberText.count(layer.tokens, "token"))</small>"
      html += "<details><summary class=\"bar\">"
      html += row(name, layer.predicted, layer.measured, layer.residual, longest)
      html += "</summary>\n"
      for op in report.ops where op.layer == layer.layer {
        let kernel = op.kernel.map { $0.name ?? "kernel \($0.rawValue)" } ?? ""
        html += "<div class=\"bar op\">"
        html += row(
          "\(Markup.escape(op.label)) <small>\(Markup.escape(kernel))</small>", op.predicted, op.measured,
          op.residual, longest)
        html += "</div>\n"
      }
      html += "</details>\n"
    }
    return html + "</div>\n"
  }

  /// `name` is markup.
  private func row(
    _ name: String, _ predicted: Nanoseconds, _ measured: Nanoseconds, _ residual: Double?,
    _ longest: Nanoseconds
  ) -> String {
    func width(_ time: Nanoseconds) -> String {
      Plot.number(Double(time.rawValue) / Double(max(1, longest.rawValue)) * 100)
    }
    return "<span class=\"what\">\(name)</span>"
      + "<svg viewBox=\"0 0 100 18\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
      + "<rect class=\"predicted\" y=\"1\" height=\"7\" width=\"\(width(predicted))\"/>"
      + "<rect class=\"measured\" y=\"10\" height=\"7\" width=\"\(width(measured))\"/></svg>"
      + "<span class=\"n\">~\(NumberText.time(predicted))</span><span class=\"n\">\(NumberText.time(measured))</span>"
      + "<span class=\"n\">\(NumberText.signedPercent(residual))</span>"
  }
}
