import TaperCalibration
import TaperPlanner
import Testing

/// Of which lengths a calibration's texts say something.
@Suite struct CoverageTests {
  @Test func aQuarterMoreThanOneTextInAHundredHas() {
    #expect([LengthCount]().coveredLength == .max, "without texts every token's worth is given otherwise")
    #expect([LengthCount(tokens: 20, count: 1)].coveredLength == 25)
    #expect([LengthCount(tokens: 8, count: 99), LengthCount(tokens: 200, count: 1)].coveredLength == 250)
    #expect([LengthCount(tokens: 8, count: 1000), LengthCount(tokens: 200, count: 1)].coveredLength == 10)
  }
}
