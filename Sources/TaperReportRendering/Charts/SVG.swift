import TaperBase
import TaperPlanFormat

/// Charts as SVG.
enum SVG {
  /// A coordinate with one decimal.
  static func number(_ value: Double) -> String {
    let text = NumberText.fixed(value, 1)
    let plain = text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    return plain.hasPrefix("−") ? "-" + plain.dropFirst() : plain
  }
}

extension Chart {
  @MarkupBuilder var markup: [Markup] {
    if let title { Element("h3") { title } }
    if !legend.isEmpty {
      Element("div", class: "legend") {
        for item in legend {
          Element("span") {
            Element("i", class: item.classes)
            item.text
          }
        }
      }
    }
    if let caption { Element("p", class: "soft") { caption } }
    Element("figure") {
      wide.svg("wide", label)
      narrow.svg("narrow", label)
    }
  }

  /// As a file of its own.
  public func standalone() -> String {
    let (width, height) = (SVG.number(wide.width), SVG.number(wide.height))
    return Element(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "class": "wide", "viewBox": "0 0 \(width) \(height)",
        "width": width,
        "height": height, "role": "img", "aria-label": label,
        "style": "background:var(--bg);font-family:system-ui,sans-serif",
      ]
    ) {
      Element.style(PageStyle.css)
      wide.content
    }.html() + "\n"
  }
}

extension Drawing {
  fileprivate func svg(_ kind: String, _ label: String) -> Element {
    Element(
      "svg", class: kind,
      [
        "viewBox": "0 0 \(SVG.number(width)) \(SVG.number(height))", "role": "img", "aria-label": label,
      ]
    ) { content }
  }

  /// Horizontal grid lines with labels, ticks, the name of the horizontal axis, and the marks.
  @MarkupBuilder fileprivate var content: [Markup] {
    for tick in y.ticks {
      line(tick.value == y.base ? "axis" : "grid", left, down(tick.value), width - right, down(tick.value))
      text("tick end", left - 8, down(tick.value) + 4, tick.label)
    }
    for tick in x.ticks {
      line("axis", across(tick.value), down(y.base), across(tick.value), down(y.base) + 4)
      text("tick mid", across(tick.value), down(y.base) + 17, tick.label)
    }
    text("tick mid", (left + width - right) / 2, height - 4, x.name)
    for mark in marks { element(mark) }
  }

  private func element(_ mark: Mark) -> Element {
    switch mark {
    case .line(let classes, let line, let title, let opacity):
      let style = opacity.map { "opacity:\(NumberText.fixed($0, 2))" }
      let named = { (content: [Markup]) in
        style.map { Element("polyline", class: classes, ["style": $0, "points": points(line)]) { content } }
          ?? Element("polyline", class: classes, ["points": points(line)]) { content }
      }
      return named(title.map { [.element(Element.title($0))] } ?? [])
    case .area(let classes, let corners):
      return Element("polygon", class: classes, ["points": points(corners)])
    case .segment(let classes, let a, let b):
      return line(classes, across(a.x), down(a.y), across(b.x), down(b.y))
    case .dot(let classes, let point, let radius, let title):
      return Element(
        "circle", class: classes,
        ["cx": SVG.number(across(point.x)), "cy": SVG.number(down(point.y)), "r": SVG.number(radius)]
      ) { Element.title(title) }
    case .box(let classes, let a, let b, let title):
      let (left, right) = (across(a.x), across(b.x))
      let (top, bottom) = (down(b.y), down(a.y))
      return Element(
        "rect", class: classes,
        [
          "x": SVG.number(left), "y": SVG.number(top), "width": SVG.number(right - left),
          "height": SVG.number(max(0.6, bottom - top)),
        ]
      ) { Element.title(title) }
    case .label(let classes, let point, let right, let below, let words):
      return text(classes, across(point.x) + right, down(point.y) + below, words)
    }
  }

  private func points(_ points: [Point]) -> String {
    points.map { SVG.number(across($0.x)) + "," + SVG.number(down($0.y)) }.joined(separator: " ")
  }

  private func line(_ classes: String, _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> Element {
    Element(
      "line", class: classes,
      ["x1": SVG.number(x1), "y1": SVG.number(y1), "x2": SVG.number(x2), "y2": SVG.number(y2)])
  }

  private func text(_ classes: String, _ x: Double, _ y: Double, _ words: String) -> Element {
    Element("text", class: classes, ["x": SVG.number(x), "y": SVG.number(y)]) { words }
  }
}

extension Element {
  /// What a mark says when pointed at.
  fileprivate static func title(_ text: String) -> Element { Element("title") { text } }
}
