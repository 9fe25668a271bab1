import TaperBase
import TaperPlanFormat

/// A report's checks as JUnit XML, for a CI's test page. The suite's properties are the facts of the report's
/// "environment".
public enum JUnitRenderer {
  public static func render(_ report: Report) -> String {
    let nodes = report.nodes.flatMap(\.withDescendants)
    var checks: [Check] = []
    var properties: [Facts.Fact] = []
    for node in nodes {
      if case .check(let check) = node { checks.append(check) }
      if case .facts(let facts) = node, facts.key == "environment" { properties = facts.facts }
    }
    let failures = checks.filter { if case .failed = $0.outcome { true } else { false } }.count
    let skips = checks.filter { if case .skipped = $0.outcome { true } else { false } }.count
    let suite = Element(
      "testsuite",
      [
        "name": "taper \(report.command) \(report.subject)", "tests": "\(checks.count)",
        "failures": "\(failures)", "errors": "0",
        "skipped": "\(skips)",
      ]
    ) {
      if !properties.isEmpty {
        Element("properties") {
          for fact in properties { Element("property", ["name": fact.name, "value": fact.value.text]) }
        }
      }
      for check in checks { testCase(check, report.command) }
    }
    return Element("testsuites") { suite }.xml()
  }

  private static func testCase(_ check: Check, _ command: String) -> Element {
    Element(
      "testcase",
      ["classname": "taper.\(command)", "name": check.name, "time": NumberText.fixed(check.time, 6)]
    ) {
      switch check.outcome {
      case .passed: [Markup]()
      case .failed(let why): Element("failure", ["message": why])
      case .skipped(let why): Element("skipped", ["message": why])
      }
    }
  }
}

extension ReportNode {
  fileprivate var withDescendants: [ReportNode] {
    if case .section(_, let nodes) = self { return nodes.flatMap(\.withDescendants) }
    return [self]
  }
}
