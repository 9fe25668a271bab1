import TaperModelImport
import TestSupport
import Testing

/// Inputs that the fuzzer (tools/fuzz/run onnx, ir) begins with or found: none traps.
@Suite struct GraphRegressionTests {
  @Test(arguments: TestFile.names(inFixture: "regressions"))
  func inputIsReadOrRefused(name: String) throws {
    let folder = TemporaryDirectory()
    let bytes = TestFile.bytes(TestFile.fixture("regressions/\(name)"))
    // The constants over which the fuzzer reads documents.
    folder.write("m.bin", (0..<65536).map { UInt8(truncatingIfNeeded: $0 &* 31) & 0x3F })
    // What was found has no ending: a document begins with its first element.
    let isIR = bytes.first == UInt8(ascii: "<")
    let path = folder.write(isIR ? "m.xml" : "m.onnx", bytes)
    let layers = try? GraphImport.examine(path)
    #expect(layers == (name == "seed-layer.onnx" ? 1 : nil))
  }

  @Test func thereAreInputs() { #expect(!TestFile.names(inFixture: "regressions").isEmpty) }
}
