import TaperPlanFormat
import TestSupport
import Testing

/// Every plan ever committed (plans/) loads, and is written again as the same bytes.
@Suite struct CommittedPlanTests {
  private static let root =
    #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    + "/plans"

  private func plans(_ folder: String) -> [String] {
    // A file that is no folder has no entries.
    TemporaryDirectory.entries(folder).flatMap { name in
      let path = "\(folder)/\(name)"
      return name.hasSuffix(".plan") ? [path] : plans(path)
    }
  }

  @Test func everyCommittedPlanLoads() throws {
    let paths = plans(Self.root)
    #expect(paths.count { $0.contains("/format-1.0/") } == 5)
    for path in paths {
      let bytes = TestFile.bytes(path)
      let plan = try PlanReader.read(bytes).plan
      #expect(unsafe try PlanCodec.encode(plan) == bytes, "\(path)")
      if path.contains("/format-1.0/") { #expect(plan.formatVersion == .first, "\(path)") }
    }
  }
}
