import TaperModelSpec
import TestSupport
import Testing

/// Inputs on which the safetensors reader once trapped, or could have (tools/fuzz/run adds to them).
@Suite struct SafetensorsRegressionTests {
  @Test(arguments: TestFile.names(inFixture: "regressions"))
  func isReadWithoutATrap(name: String) {
    let bytes = TestFile.bytes(TestFile.fixture("regressions/\(name)"))
    // A defect, or a header whose tensors lie inside the file; anything else traps and ends the test.
    let header = unsafe bytes.withUnsafeBytes { unsafe try? SafetensorsHeader.read($0) }
    for tensor in header?.tensors ?? [] { #expect(tensor.range.upperBound <= bytes.count) }
  }

  @Test func thereAreInputs() { #expect(!TestFile.names(inFixture: "regressions").isEmpty) }
}
