/// An element of an HTML page, an SVG drawing or an XML document, built as a value:
///
///     Element("td", class: "l") { row.name }
///
/// Text is escaped when the element is written, so no caller can forget to.
package struct Element {
  let name: String
  let attributes: [(name: String, value: String)]
  let content: [Markup]

  package init(
    _ name: String, class classes: String? = nil, _ attributes: KeyValuePairs<String, String> = [:],
    @MarkupBuilder content: () -> [Markup] = { [] }
  ) {
    self.name = name
    self.attributes =
      (classes.map { [("class", $0)] } ?? []) + attributes.map { (name: $0.key, value: $0.value) }
    self.content = content()
  }
}

/// What stands between an element's tags. Text without escapes can be made in this file only: a page's style, and its
/// JSON.
package struct Markup {
  fileprivate enum Kind {
    case text(String)
    case element(Element)
    case verbatim(String)
  }
  fileprivate let kind: Kind

  package static func text(_ text: String) -> Markup { Markup(kind: .text(text)) }
  package static func element(_ element: Element) -> Markup { Markup(kind: .element(element)) }
}

/// Collects strings (as text), elements and lists of markup, with `if`, `switch` and `for`.
@resultBuilder package enum MarkupBuilder {
  package static func buildExpression(_ text: String) -> [Markup] { [.text(text)] }
  package static func buildExpression(_ element: Element) -> [Markup] { [.element(element)] }
  package static func buildExpression(_ element: Element?) -> [Markup] {
    element.map { [.element($0)] } ?? []
  }
  package static func buildExpression(_ markup: [Markup]) -> [Markup] { markup }
  package static func buildBlock(_ parts: [Markup]...) -> [Markup] { parts.flatMap(\.self) }
  package static func buildOptional(_ part: [Markup]?) -> [Markup] { part ?? [] }
  package static func buildEither(first part: [Markup]) -> [Markup] { part }
  package static func buildEither(second part: [Markup]) -> [Markup] { part }
  package static func buildArray(_ parts: [[Markup]]) -> [Markup] { parts.flatMap(\.self) }
}

extension Element {
  package static func style(_ css: StaticString) -> Element {
    Element("style") { [Markup(kind: .verbatim("\n\(css)\n"))] }
  }

  /// JSON inside a page. No `<` is left in it, so no text of it can end the element or open a comment.
  package static func data(id: String, json: String) -> Element {
    Element("script", ["type": "application/json", "id": id]) {
      [Markup(kind: .verbatim(json.replacing("<", with: "\\u003c")))]
    }
  }
}

// MARK: Writing

extension Element {
  /// A page. A line ends after each block, so that pages can be compared line by line.
  package func page() -> String {
    var text = "<!doctype html>\n"
    write(to: &text)
    return text
  }

  /// One element, as it stands in a page; also a whole SVG file.
  package func html() -> String {
    var text = ""
    write(to: &text)
    return text
  }

  /// A whole XML document, indented by two spaces. Its elements hold elements only: what they say is in attributes.
  package func xml() -> String {
    let document = XMLDocumentWriter()
    document.write(self)
    return document.text()
  }

  /// The elements inside, without the text among them.
  var children: [Element] {
    content.compactMap { if case .element(let element) = $0.kind { element } else { nil } }
  }

  private func write(to text: inout String) {
    text += openingTag
    if content.isEmpty, Self.empty.contains(name) {
      // HTML's void elements are closed by nothing, SVG's by a slash; a parser of HTML reads the slash in both.
      text += "/>"
    } else {
      text += ">" + (Self.containers.contains(name) ? "\n" : "")
      for part in content {
        switch part.kind {
        case .text(let words): text += Self.escaped(words)
        case .element(let element): element.write(to: &text)
        case .verbatim(let words): text += words
        }
      }
      text += "</\(name)>"
    }
    if Self.blocks.contains(name) { text += "\n" }
  }

  private var openingTag: String {
    "<" + name + attributes.map { " \($0.name)=\"\(Self.escaped($0.value, isAttribute: true))\"" }.joined()
  }

  private static let empty: Set = [
    "meta", "br", "rect", "line", "circle", "polyline", "polygon",
  ]
  private static let containers: Set = ["html", "head", "body", "main", "tbody", "section"]
  private static let blocks: Set = [
    "html", "head", "meta", "title", "style", "body", "main", "section", "h1", "h2", "h3", "p", "div", "dl",
    "figure", "table", "thead", "tbody", "tr", "details", "summary", "script",
  ]

  private static func escaped(_ text: String, isAttribute: Bool = false) -> String {
    var result = ""
    for scalar in representable(text).unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      // A reader would take line ends in an attribute for spaces; their numbers are kept.
      case "\t" where isAttribute, "\n" where isAttribute, "\r" where isAttribute:
        result += "&#\(scalar.value);"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// The text with U+FFFD for characters that neither HTML nor XML can hold.
  static func representable(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      let isAllowed =
        scalar.value >= 0x20 && scalar.value != 0xFFFE && scalar.value != 0xFFFF
        || scalar == "\t" || scalar == "\n" || scalar == "\r"
      result.append(isAllowed ? scalar : "\u{FFFD}")
    }
    return String(result)
  }
}
