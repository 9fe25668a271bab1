import TaperBase
import TaperPlanFormat
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Inputs on which a fuzzer once made the reader trap (tools/fuzz/run keeps them): they are read without one.
@Suite struct RegressionTests {
  @Test func everyKeptInputIsReadWithoutATrap() throws {
    let folder =
      #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
      + "/Fixtures/regressions"
    guard let directory = unsafe opendir(folder) else {
      Issue.record("\(folder) is missing")
      return
    }
    defer { unsafe closedir(directory) }
    var files = 0
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: entry.pointee.d_name) {
        unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      guard name != ".", name != ".." else { continue }
      files += 1
      let bytes = try readFile(folder + "/" + name)
      _ = failure { _ = try PlanReader.read(bytes) }
    }
    #expect(files >= 1)
  }
}

/// A whole file's bytes.
func readFile(_ path: String) throws -> [UInt8] {
  let file = unsafe fopen(path, "rb")
  guard let file = unsafe file else {
    throw PlanFormatError.file(.system(path: path, .open, errno: errno))
  }
  defer { unsafe fclose(file) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 65536)
  while true {
    let count = unsafe fread(&chunk, 1, chunk.count, file)
    if count == 0 { return bytes }
    bytes += chunk[..<count]
  }
}
