import TaperJSON

/// A report as one self-contained page: no scripts, no requests, charts as inline SVG, and the report's JSON inside.
public enum HTMLRenderer {
  public static func render(_ report: Report) -> String {
    let title = "\(report.command) of \(report.subject)"
    var verdict = ""
    for case .verdict(let found) in report.nodes { verdict = found.word + ": " }
    return Element("html", ["lang": "en"]) {
      Element("head") {
        Element("meta", ["charset": "utf-8"])
        Element("meta", ["name": "viewport", "content": "width=device-width,initial-scale=1"])
        Element("title") { verdict + title }
        Element.style(PageStyle.css)
      }
      Element("body") {
        Element("main") {
          Element("h1") { title.capitalisedFirst }
          for node in report.nodes { markup(node, isInSection: false) }
        }
        Element.data(id: report.command, json: JSONRenderer.render(report, pretty: false))
      }
    }.page()
  }

  private static func markup(_ node: ReportNode, isInSection: Bool) -> [Markup] {
    switch node {
    case .section(let title, let nodes):
      let content = nodes.flatMap { markup($0, isInSection: true) }
      guard !content.isEmpty else { return [] }
      return [
        .element(
          Element("section") {
            if let title { Element("h2") { title.capitalisedFirst } }
            content
          })
      ]
    case .verdict(let verdict): return [.element(markup(verdict))]
    case .paragraph(let paragraph):
      return [
        .element(Element("p", class: isInSection ? nil : "soft") { paragraph.text + paragraph.optional })
      ]
    case .facts(let facts):
      return [
        .element(
          Element("dl", class: "facts") {
            for fact in facts.facts {
              Element("dt") { fact.name }
              Element("dd") { fact.value.text }
            }
          })
      ]
    case .highlights(let highlights):
      return [
        .element(
          Element("dl", class: "tiles") {
            for highlight in highlights {
              Element("div") {
                Element("dt") { highlight.name }
                Element("dd") {
                  highlight.value.text
                  Element("small") { highlight.note }
                }
              }
            }
          })
      ]
    case .table(let table):
      guard table.columns.contains(where: { $0.heading != nil }), !table.rows.isEmpty else { return [] }
      return [.element(table.isTree || table.bars != nil ? tree(table) : self.table(table))]
    case .chart(let chart): return chart.markup
    case .data, .check: return []
    }
  }

  /// With a sign before the word, for readers to whom the colours look alike.
  private static func markup(_ verdict: Verdict) -> Element {
    let sign =
      switch verdict.kind {
      case .good: "✓"
      case .bad: "✗"
      case .unsure: "≈"
      }
    return Element("div", class: "verdict \(verdict.kind.rawValue)") {
      Element("b") { "\(sign) \(verdict.word)" }
      Element("p") { verdict.reason }
    }
  }

  // MARK: Tables

  private static func table(_ table: ReportTable) -> Element {
    let places = table.columns.indices.filter {
      table.columns[$0].heading != nil && !table.columns[$0].isDetail
    }
    func classes(_ place: Int, _ more: String? = nil) -> String? {
      let column = table.columns[place]
      let classes = [column.alignment == .left ? "l" : nil, column.isOptional ? "opt" : nil, more]
      return classes.contains { $0 != nil } ? classes.compactMap(\.self).joined(separator: " ") : nil
    }
    return Element("div", class: "scroll") {
      Element("table") {
        if table.showsHeadings {
          Element("thead") {
            Element("tr") {
              for place in places {
                Element("th", class: classes(place)) { table.columns[place].heading ?? "" }
              }
            }
          }
        }
        Element("tbody") {
          for row in table.rows {
            Element("tr") {
              for place in places {
                Element("td", class: classes(place, row.alarm == place ? "bad" : nil)) {
                  row.cells[place].text
                  if place + 1 < table.columns.count, table.columns[place + 1].isDetail {
                    Element("small") { row.cells[place + 1].text }
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  // MARK: Trees, and tables with bars

  /// A row is a name, with what else is words in small letters, perhaps bars, and numbers. A row with children opens.
  private static func tree(_ table: ReportTable) -> Element {
    let numbers = table.columns.filter { $0.heading != nil && $0.alignment == .right }
    let scale = Scale(table)
    return Element(
      "div", class: table.bars == nil ? "bars plain" : "bars", ["style": "--n:\(numbers.count)"]
    ) {
      if table.showsHeadings {
        Element("div", class: "bar head") {
          Element("span") { table.columns.first { $0.heading != nil }?.heading ?? "" }
          if table.bars != nil { Element("span") }
          for column in numbers { Element("span", class: "n") { column.heading ?? "" } }
        }
      }
      for row in table.rows { rows(row, table, scale, isRoot: true) }
    }
  }

  private static func rows(
    _ row: ReportTable.Row, _ table: ReportTable, _ scale: Scale?, isRoot: Bool
  ) -> Element {
    let columns = row.children.isEmpty ? table.columns : table.branchColumns ?? table.columns
    if row.children.isEmpty {
      return Element("div", class: isRoot ? "bar" : "bar op") { line(row, columns, table.bars, scale) }
    }
    return Element("details") {
      Element("summary", class: "bar") { line(row, columns, table.bars, scale) }
      for child in row.children { rows(child, table, scale, isRoot: false) }
    }
  }

  @MarkupBuilder private static func line(
    _ row: ReportTable.Row, _ columns: [ReportTable.Column], _ bars: ReportTable.Bars?, _ scale: Scale?
  ) -> [Markup] {
    let shown = zip(columns, row.cells).filter { $0.0.heading != nil }
    let words = shown.filter { $0.0.alignment == .left }.map(\.1.text).filter { !$0.isEmpty }
    Element("span", class: "what") {
      words.first ?? ""
      for more in words.dropFirst() {
        " "
        Element("small") { more }
      }
    }
    if let bars, let scale { scale.drawing(row, bars) }
    for (column, cell) in shown where column.alignment == .right { Element("span", class: "n") { cell.text } }
  }

  /// What a table's longest bar stands for.
  private struct Scale {
    let largest: Double

    init?(_ table: ReportTable) {
      let places =
        switch table.bars {
        case .columns(let places, _): places
        case .signed(let place): [place]
        case nil: [Int]()
        }
      guard !places.isEmpty else { return nil }
      let values = table.rows.filter { !$0.isSummary }.flatMap { row in
        places.map { abs(row.cells[$0].magnitude) }
      }
      largest = max(1e-9, values.max() ?? 0)
    }

    func drawing(_ row: ReportTable.Row, _ bars: ReportTable.Bars) -> Element {
      Element("svg", ["viewBox": "0 0 100 18", "preserveAspectRatio": "none", "aria-hidden": "true"]) {
        switch bars {
        case .columns(let places, let classes):
          for (number, (place, name)) in zip(places, classes).enumerated() {
            bar(
              name, top: 1 + 9 * number, height: 7, from: 0,
              row.isSummary ? 0 : row.cells[place].magnitude / largest * 100)
          }
        case .signed(let place):
          Element(
            "line", class: "axis",
            ["x1": "50", "y1": "0", "x2": "50", "y2": "18", "vector-effect": "non-scaling-stroke"])
          let width = row.cells[place].magnitude / largest * 50
          bar(
            width >= 0 ? "longer" : "shorter", top: 4, height: 10, from: width >= 0 ? 50 : 50 + width,
            abs(width))
        }
      }
    }

    private func bar(_ name: String, top: Int, height: Int, from left: Double, _ width: Double) -> Element {
      Element(
        "rect", class: name,
        ["x": SVG.number(left), "y": "\(top)", "width": SVG.number(width), "height": "\(height)"])
    }
  }
}

extension String {
  var capitalisedFirst: String { prefix(1).uppercased() + dropFirst() }
}
