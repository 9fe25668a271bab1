import TaperWorkflow
import Testing

@Suite struct StagesTests {
  private struct Broken: Error {}

  @Test func progressNeverFallsAndEndsAtOne() throws {
    var stages = Stages<[String]>()
    stages.add("first", weight: 3) { done, report in
      // Goes back, and beyond the end.
      for fraction in [0, 0.5, 0.25, 2] { report("part", fraction) }
      done.append("first")
    }
    stages.add("silent", weight: 0.5) { done, _ in done.append("silent") }
    stages.add("last") { done, report in
      report.texts(1, 4)
      done.append("last")
    }
    var done: [String] = []
    var shown: [(String, Double)] = []
    try stages.run(&done) { shown.append(($0, $1)) }
    #expect(done == ["first", "silent", "last"])
    let fractions = shown.map(\.1)
    #expect(fractions == fractions.sorted() && fractions.first == 0)
    #expect(fractions.last == 1 && fractions.filter { $0 >= 1 }.count == 1)
    #expect(shown.map(\.0).contains("last, text 1 of 4") && shown.map(\.0).contains("silent"))
    // Three of four and a half weights are the first stage's.
    #expect(shown.first { $0.0 == "silent" }?.1 == 3 / 4.5)
  }

  @Test func theFirstErrorEndsIt() {
    var stages = Stages<Int>()
    stages.add("fails") { _, _ in throw Broken() }
    stages.add("never") { count, _ in count += 1 }
    var count = 0
    var fractions: [Double] = []
    #expect(throws: Broken.self) { try stages.run(&count) { fractions.append($1) } }
    #expect(count == 0 && !fractions.contains(1))
  }
}
