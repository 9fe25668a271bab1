import TaperReportRendering
import Testing

@Suite struct ElementTests {
  @Test func textAndAttributesAreEscaped() {
    let cell = Element("td", class: "a\"b", ["title": "<i> & 'x'\n"]) {
      "1 < 2 & \"3\"\u{1}"
      Element("br")
    }
    #expect(
      cell.html()
        == "<td class=\"a&quot;b\" title=\"&lt;i&gt; &amp; 'x'&#10;\">1 &lt; 2 &amp; &quot;3&quot;\u{FFFD}<br/></td>"
    )
  }

  @Test func buildersTakeListsAndConditions() {
    func list(_ words: [String], isLong: Bool) -> String {
      Element("p") {
        for word in words { Element("b") { word } }
        if isLong { "more" }
        if words.isEmpty { "none" } else { Element("i") }
      }.html()
    }
    #expect(list(["x", "y"], isLong: true) == "<p><b>x</b><b>y</b>more<i></i></p>\n")
    #expect(list([], isLong: false) == "<p>none</p>\n")
  }

  /// No text of a report can end the script element that carries its JSON.
  @Test func dataCannotEndItsElement() {
    #expect(
      Element.data(id: "x", json: "[\"</script><!--\"]").html()
        == "<script type=\"application/json\" id=\"x\">[\"\\u003c/script>\\u003c!--\"]</script>\n")
  }

  @Test func documentsOfXMLAreIndented() {
    let document = Element("a", ["n": "\t<é>"]) {
      Element("b")
      Element("c") { Element("d") }
    }
    #expect(
      document.xml() == """
        <?xml version="1.0" encoding="UTF-8"?>
        <a n="&#9;&lt;é&gt;">
          <b/>
          <c>
            <d/>
          </c>
        </a>

        """)
  }
}
