import TaperBase
import TaperPlanFormat
import TestSupport
import Testing

/// Inputs on which the reader once trapped, or could have (tools/fuzz/run adds to them): each is refused or read.
@Suite struct RegressionTests {
  @Test(arguments: TestFile.names(inFixture: "regressions"))
  func isReadWithoutATrap(name: String) {
    let bytes = TestFile.bytes(TestFile.fixture("regressions/\(name)"))
    do throws(PlanFormatError) {
      _ = try PlanReader.read(bytes)
    } catch {
      #expect(!error.description.isEmpty)
    }
  }

  @Test func thereAreInputs() { #expect(!TestFile.names(inFixture: "regressions").isEmpty) }
}
