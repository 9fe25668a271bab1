import TaperModelSpec
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Inputs on which a fuzzer once made the safetensors reader trap (tools/fuzz/run keeps them): read without one.
@Suite struct SafetensorsRegressionTests {
  @Test func everyKeptInputIsReadWithoutATrap() throws {
    let folder =
      #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast()
      .joined(separator: "/") + "/Fixtures/regressions"
    guard let directory = unsafe opendir(folder) else {
      Issue.record("\(folder) is missing")
      return
    }
    defer { unsafe closedir(directory) }
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: entry.pointee.d_name) {
        unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      guard name != ".", name != "..", let file = unsafe fopen(folder + "/" + name, "rb") else { continue }
      defer { unsafe fclose(file) }
      var bytes = [UInt8](repeating: 0, count: 1 << 20)
      let count = unsafe fread(&bytes, 1, bytes.count, file)
      // A defect or a header whose tensors lie inside the file; anything else traps and ends the test.
      let header = unsafe bytes[..<count].withUnsafeBytes { unsafe try? SafetensorsHeader.read($0) }
      for tensor in header?.tensors ?? [] { #expect(tensor.range.upperBound <= count) }
    }
  }
}
