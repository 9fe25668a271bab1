import Foundation
import FoundationXML

/// A JUnit file as another program would read it.
struct JUnitCases {
  var tests = 0
  var failures = 0
  var names: [String] = []

  init(path: String) throws {
    let document = try XMLDocument(contentsOf: URL(fileURLWithPath: path), options: [])
    for case let suite as XMLElement in try document.nodes(forXPath: "/testsuites/testsuite") {
      tests += suite.attribute(forName: "tests")?.stringValue.flatMap { Int($0) } ?? 0
      failures += suite.attribute(forName: "failures")?.stringValue.flatMap { Int($0) } ?? 0
      names += suite.elements(forName: "testcase").compactMap { $0.attribute(forName: "name")?.stringValue }
    }
  }
}
