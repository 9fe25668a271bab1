import TaperJSON
import TaperPlanFormat
import TaperReportRendering
import Testing

/// What a renderer makes of each kind of node, whatever the command.
@Suite struct ReportTests {
  private static let report = Report("try", of: "it") {
    ReportNode.data("hidden", .integer(7))
    ReportNode.section("times") {
      ReportTable(
        key: "rows",
        [
          .init("name", key: "name", .left), .data("size"), .init("time", key: "time_ns"),
          .init("", isOptional: true),
        ],
        rows: [
          .init([.text("a"), .bytes(Bytes(5)), .predicted(.time(Nanoseconds(1_500))), .text("wide")]),
          .init([.text("b\u{1B}"), .none, .none, .text("wide")]),
          .init([.text("sum"), .none, .time(Nanoseconds(2_000)), .text("")], isSummary: true),
        ])
    }
    ReportNode.section("nothing to show") { ReportNode.data("more", .list([.flag(true), .none])) }
    ReportNode.facts(
      Facts([.init("known", .share(0.25), key: "known"), .init("words only", .text("x"))], key: "facts"))
  }

  @Test func keysMakeTheJSON() {
    #expect(
      JSONRenderer.value(Self.report) == [
        "schema_version": 1, "hidden": 7,
        "rows": [
          ["name": "a", "size": 5, "time_ns": 1_500], ["name": "b\u{1B}", "size": nil, "time_ns": nil],
        ],
        "more": [true, nil], "facts": ["known": 0.25],
      ])
  }

  @Test func titlesMakeTheText() {
    #expect(
      TextRenderer.render(Self.report) == """

        times
          name     time
          a     ~1.5 µs  wide
          b\u{FFFD}          –  wide
          sum    2.0 µs
          known       25.0%
          words only  x

        """)
    #expect(!TextRenderer.render(Self.report, columns: 80).contains("wide"))
  }

  @Test func aTreeDrawsItsBranches() {
    func row(_ name: String, _ children: [ReportTable.Row] = []) -> ReportTable.Row {
      .init([.text(name)], children: children)
    }
    let table = ReportTable(
      [.init("", .left)], style: .indented(0), showsHeadings: false, branchWidth: 3,
      rows: [row("a", [row("b"), row("c", [row("d")])]), row("e", [row("f")])])
    let report = Report("try", of: "it") { table }
    #expect(
      TextRenderer.render(report) == """
        ├─ a
        │  ├─ b
        │  └─ c
        │     └─ d
        └─ e
           └─ f

        """)
    #expect(HTMLRenderer.render(report).split(separator: "<details>").count == 4)
  }
}
