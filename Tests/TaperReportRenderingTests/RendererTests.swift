import TaperAuditor
import TaperJSON
import TaperPlanFormat
import TaperReportRendering
import Testing

@Suite struct RendererTests {
  @Test func textGoldens() {
    expectGolden(TextRenderer.render(Report(SampleReports.reduced())), "within.txt")
    expectGolden(TextRenderer.render(Report(SampleReports.reduced(worst: 0.17))), "outside.txt")
    expectGolden(TextRenderer.render(Report(SampleReports.reduced(spread: 400))), "noisy.txt")
    expectGolden(TextRenderer.render(Report(SampleReports.bare())), "bare.txt")
  }

  @Test func jsonGoldens() {
    expectGolden(JSONRenderer.render(Report(SampleReports.reduced())) + "\n", "within.json")
    expectGolden(JSONRenderer.render(Report(SampleReports.bare())) + "\n", "bare.json")
  }

  @Test func htmlGoldens() {
    expectGolden(HTMLRenderer.render(Report(SampleReports.reduced())), "within.html")
    expectGolden(HTMLRenderer.render(Report(SampleReports.bare())), "bare.html")
  }

  @Test func junitGoldens() {
    expectGolden(JUnitRenderer.render(Report(SampleReports.reduced())), "within.xml")
    expectGolden(JUnitRenderer.render(Report(SampleReports.reduced(worst: 0.17))), "outside.xml")
    expectGolden(JUnitRenderer.render(Report(SampleReports.reduced(spread: 400))), "noisy.xml")
    expectGolden(JUnitRenderer.render(Report(SampleReports.bare())), "bare.xml")
  }

  /// The audit's shape (specs/command-json.md).
  @Test func jsonHasTheMembersOthersBuildOn() throws {
    let value = try JSONValue.parse(Array(JSONRenderer.render(Report(SampleReports.reduced())).utf8))
    #expect(value["schema_version"]?.int == 1)
    #expect(value["verdict"]?.string == "within")
    let length = try #require(value["lengths"]?[2])
    #expect(length["tokens"]?.int == 128)
    #expect(length["predicted_ns"]?.int == 6_101_216)
    #expect(length["measured_p50_ns"]?.int != nil)
    #expect(abs((length["residual"]?.double ?? 0) - 0.013666) < 1e-5)
    #expect(value["ops"]?.array?.count == 54)
    let accuracy = try #require(value["accuracy"])
    #expect(accuracy["metric"]?.string == "accuracy")
    #expect(accuracy["dense"]?.double == 0.9658)
    #expect(accuracy["planned"]?.double == 0.9612)
    #expect(accuracy["agreement"]?.double == 0.984)
    #expect(accuracy["count"]?.int == 2_189)
    let bare = JSONRenderer.value(Report(SampleReports.bare()))
    #expect(bare["verdict"]?.string == "outside")
    #expect(bare["accuracy"]?.isNull == true)
    #expect(bare["lengths"]?[0]?["residual"]?.isNull == true)
  }

  @Test func pageIsSelfContainedAndCarriesItsJSON() throws {
    for report in [SampleReports.reduced(), SampleReports.bare()] {
      let page = HTMLRenderer.render(Report(report))
      for forbidden in ["http:", "https:", "src=", "url(", "@import", "<link", "onclick"] {
        #expect(!page.contains(forbidden), "\(forbidden)")
      }
      #expect(page.split(separator: "<script").count == 2)
      let opening = "<script type=\"application/json\" id=\"audit\">"
      let start = try #require(page.firstRange(of: opening)).upperBound
      let end = try #require(page[start...].firstRange(of: "</script>")).lowerBound
      #expect(try JSONValue.parse(Array(page[start..<end].utf8)) == JSONRenderer.value(Report(report)))
    }
  }

  @Test func hostileTextStaysText() {
    let page = HTMLRenderer.render(Report(SampleReports.bare()))
    #expect(!page.contains("<b>&\"bare\""))
    #expect(page.contains("&lt;b&gt;&amp;&quot;bare&quot;&lt;/script&gt;"))
    let xml = JUnitRenderer.render(Report(SampleReports.bare()))
    #expect(xml.contains("&lt;b&gt;&amp;&quot;bare&quot;&lt;/script&gt;"))
    #expect(!xml.contains("\u{1}"))
    #expect(!TextRenderer.render(Report(SampleReports.bare())).contains("\u{1}"))
  }

  @Test func colourChangesNothingElse() {
    let report = SampleReports.reduced(worst: 0.17)
    var plain = ""
    var isEscape = false
    for character in TextRenderer.render(Report(report), color: true).unicodeScalars {
      if character == "\u{1B}" { isEscape = true }
      if !isEscape { plain.unicodeScalars.append(character) }
      if isEscape, character == "m" { isEscape = false }
    }
    #expect(plain == TextRenderer.render(Report(report)))
    #expect(plain != TextRenderer.render(Report(report), color: true))
    #expect(!plain.contains("\u{1B}"))
  }

  /// Cells that fill their columns keep a blank to their neighbours, in rows and in branches.
  @Test func cellsNeverTouch() {
    let report = Report("t", of: "x") {
      ReportTable(
        [
          .init("", .left, width: 9, limit: 6), .init("", .left, width: 4), .init("", width: 3),
          .init("", width: 3), .init("", .left, gap: 1),
        ],
        branchColumns: [
          .init("", .left, width: 9), .init("", .left, width: 4), .init("", .left, width: 2),
          .init("", .left, gap: 0), .init("", .left, gap: 0),
        ], style: .indented(0), showsHeadings: false, branchWidth: 3,
        rows: [
          .init(
            [.text("branch"), .text("wide"), .text("wider"), .text("last"), .text("")],
            children: [
              .init([.text("title"), .text("kernel"), .text("123"), .text("12345"), .text("bound")])
            ])
        ])
    }
    #expect(
      TextRenderer.render(report) == """
        └─ branch wide wider last
           └─ title kernel 123 12345 bound

        """)
  }

  @Test func textLinesFitATerminal() {
    for line in TextRenderer.render(Report(SampleReports.reduced())).split(separator: "\n") {
      #expect(line.count <= 125)
    }
  }
}
