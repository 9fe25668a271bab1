import TaperPlanFormat
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Every plan ever committed (plans/) loads, and is written again as the same bytes.
@Suite struct CommittedPlanTests {
  private static let root =
    #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    + "/plans"

  private func plans(_ folder: String) throws -> [String] {
    guard let directory = unsafe opendir(folder) else { return [] }
    defer { unsafe closedir(directory) }
    var found: [String] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: entry.pointee.d_name) {
        unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      guard !name.hasPrefix(".") else { continue }
      found += name.hasSuffix(".plan") ? [folder + "/" + name] : try plans(folder + "/" + name)
    }
    return found
  }

  @Test func everyCommittedPlanLoads() throws {
    let paths = try plans(Self.root)
    #expect(paths.count { $0.contains("/format-1.0/") } == 5)
    for path in paths {
      let bytes = try readFile(path)
      let plan = try PlanReader.read(bytes).plan
      #expect(unsafe try PlanCodec.encode(plan) == bytes, "\(path)")
      if path.contains("/format-1.0/") { #expect(plan.formatVersion == .first, "\(path)") }
    }
  }
}
