import TaperJSON
import TaperReportRendering
import Testing

@Suite struct DiffTests {
  private static let a: JSONValue = [
    "schema_version": 1, "gone": "here",
    "lengths": [
      ["tokens": 16, "predicted_ns": 1_000_000, "keep_counts": [16, 12]],
      ["tokens": 64, "predicted_ns": 4_000_000, "keep_counts": [64, 30]],
    ],
    "slots": [["name": "x", "bytes": 100]], "share": 0.5, "count": 100,
  ]

  private static func changed(_ change: (inout JSONObject) -> Void) -> JSONValue {
    guard case .object(var object) = a else { return a }
    change(&object)
    return .object(object)
  }

  @Test func equalDocumentsDoNotDiffer() {
    let diff = DocumentDiff(Self.a, Self.a)
    #expect(diff.changes.isEmpty)
    #expect(JSONRenderer.value(Report(diff, kind: "plan", names: ("p", "q")))["equal"] == true)
  }

  /// Elements are found by name, whatever their place.
  @Test func whatDiffersIsNamed() {
    let b = Self.changed {
      $0["gone"] = nil
      $0["new"] = true
      $0["lengths"] = [
        ["tokens": 64, "predicted_ns": 3_000_000, "keep_counts": [64, 30]],
        ["tokens": 16, "predicted_ns": 1_000_000, "keep_counts": [16, 10]],
        ["tokens": 128, "predicted_ns": 9, "keep_counts": [128, 1]],
      ]
    }
    let diff = DocumentDiff(Self.a, b)
    #expect(
      diff.changes.map(\.path) == [
        ["gone"], ["lengths", "16 tokens", "keep_counts"], ["lengths", "64 tokens", "predicted_ns"],
        ["lengths", "128 tokens"], ["new"],
      ])
    #expect(diff.changes[2].relative == -0.25)
    #expect(diff.changes[0].b == nil && diff.changes[4].a == nil)
    expectGolden(TextRenderer.render(Report(diff, kind: "plan", names: ("a.plan", "b.plan"))), "diff.txt")
  }

  @Test func tolerancesAreForTimesAndShares() {
    let b = Self.changed {
      $0["lengths"] = [
        ["tokens": 16, "predicted_ns": 1_040_000, "keep_counts": [16, 12]],
        ["tokens": 64, "predicted_ns": 4_300_000, "keep_counts": [64, 30]],
      ]
      $0["share"] = 0.52
      $0["count"] = 101
    }
    let diff = DocumentDiff(Self.a, b, tolerance: 0.05)
    #expect(diff.changes.map(\.path) == [["lengths", "64 tokens", "predicted_ns"], ["count"]])
    #expect(DocumentDiff(Self.a, b).changes.count == 4)
  }

  @Test func longPartsAreCutAndTerminalsAreSafe() {
    func document(_ word: String) -> JSONValue {
      ["part": .array((0..<40).map { ["name": .string("n\($0)"), "value": .string("\(word)\u{1B}\($0)")] })]
    }
    let diff = DocumentDiff(document("a"), document("b"))
    let cut = TextRenderer.render(Report(diff, kind: "plan", names: ("p", "q")))
    let whole = TextRenderer.render(Report(diff, kind: "plan", names: ("p", "q"), all: true))
    #expect(!cut.unicodeScalars.contains("\u{1B}") && !whole.unicodeScalars.contains("\u{1B}"))
    #expect(
      Self.elements(cut).count == 30 && Self.elements(cut).last == 39, "evenly chosen, the last among them")
    #expect(Self.elements(whole) == Array(0..<40))
    #expect(JSONRenderer.value(Report(diff, kind: "plan", names: ("p", "q")))["changes"]?.array?.count == 40)
  }

  /// The numbers of the elements n0, n1, … that a text tells of.
  private static func elements(_ text: String) -> [Int] {
    text.matches(of: /\bn([0-9]+)/).compactMap { Int($0.output.1) }
  }

  @Test func twoAuditsAreComparedAsTheyAre() {
    let (a, b) = (SampleReports.reduced(), SampleReports.reduced(worst: 0.17))
    let diff = DocumentDiff(JSONRenderer.value(Report(a)), JSONRenderer.value(Report(b)), tolerance: 0.05)
    #expect(diff.changes.contains { $0.path == ["verdict"] })
    #expect(diff.changes.contains { $0.path == ["lengths", "256 tokens", "measured_p50_ns"] })
    #expect(!diff.changes.contains { $0.path.first == "ops" })
  }
}
