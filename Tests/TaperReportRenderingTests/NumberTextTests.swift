import TaperPlanFormat
import TaperReportRendering
import Testing

@Suite struct NumberTextTests {
  @Test func times() {
    let cases: [(UInt64, String)] = [
      (0, "0 ns"), (840, "840 ns"), (999, "999 ns"), (1_000, "1.00 µs"), (12_549, "12.5 µs"),
      (999_499, "999 µs"),
      (999_500, "1.00 ms"), (5_100_000, "5.10 ms"), (99_960_000, "100 ms"), (1_204_000_000, "1.20 s"),
    ]
    for (time, text) in cases { #expect(NumberText.time(Nanoseconds(time)) == text) }
  }

  @Test func fixedDigits() {
    #expect(NumberText.fixed(0.005, 2) == "0.01")
    #expect(NumberText.fixed(-1.25, 1) == "−1.3")
    #expect(NumberText.fixed(-0.001, 2) == "0.00")
    #expect(NumberText.fixed(12, 0) == "12")
    #expect(NumberText.fixed(.nan, 2) == "–")
    #expect(NumberText.fixed(.infinity, 2) == "–")
  }

  @Test func percents() {
    #expect(NumberText.signedPercent(0.0214) == "+2.1%")
    #expect(NumberText.signedPercent(-0.003) == "−0.3%")
    #expect(NumberText.signedPercent(0) == "+0.0%")
    #expect(NumberText.signedPercent(nil) == "–")
    #expect(NumberText.signedPercent(1e11) == "–")
  }

  @Test func axesEndAboveTheLargestWithRoundTicks() {
    for largest in [0.0004, 0.9, 1, 3, 7.3, 12.4, 99, 256, 1_000_000] {
      let axis = Axis(upTo: largest, count: 5)
      #expect(axis.limit >= largest * 0.998)
      #expect(axis.limit <= largest * 1.6)
      #expect((3...8).contains(axis.ticks.count))
    }
    #expect(Axis(upTo: 256, count: 5).ticks == [0, 100, 200, 300])
    #expect(Axis(tokens: 256, count: 5).ticks == [0, 64, 128, 192, 256])
    #expect(Axis(tokens: 300, count: 5).ticks == [0, 64, 128, 192, 256])
    #expect(Axis(tokens: 1, count: 5).ticks == [0, 1])
  }
}
