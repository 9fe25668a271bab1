import TaperBase
import TaperPlanFormat
import Testing

@Suite struct NumberTextTests {
  @Test func times() {
    let cases: [(UInt64, String)] = [
      (0, "0 ns"), (840, "840 ns"), (999, "999 ns"), (1_000, "1.0 µs"), (12_549, "12.5 µs"),
      (999_949, "999.9 µs"), (999_950, "1.00 ms"), (5_100_000, "5.10 ms"), (99_994_999, "99.99 ms"),
      (99_995_000, "100 ms"), (1_204_000_000, "1204 ms"),
    ]
    for (time, text) in cases { #expect(NumberText.time(Nanoseconds(time)) == text) }
  }

  @Test func sizes() {
    let cases: [(UInt64, String)] = [
      (0, "0 B"), (999, "999 B"), (1_000, "1.0 KB"), (32_768, "32.8 KB"), (999_949, "999.9 KB"),
      (999_950, "1.0 MB"), (85_400_000, "85.4 MB"), (999_950_000, "1.00 GB"), (1_340_000_000, "1.34 GB"),
    ]
    for (bytes, text) in cases { #expect(NumberText.size(Bytes(bytes)) == text) }
  }

  @Test func fixedDigits() {
    #expect(NumberText.fixed(0.005, 2) == "0.01")
    #expect(NumberText.fixed(-1.25, 1) == "−1.3")
    #expect(NumberText.fixed(-0.001, 2) == "0.00")
    #expect(NumberText.fixed(12, 0) == "12")
    #expect(NumberText.fixed(.nan, 2) == "–")
    #expect(NumberText.fixed(-1e302, 2) == "–")
    #expect(NumberText.fixed(.infinity, 2) == "–")
  }

  @Test func percents() {
    #expect(NumberText.signedPercent(0.0214) == "+2.1%")
    #expect(NumberText.signedPercent(-0.003) == "−0.3%")
    #expect(NumberText.signedPercent(0) == "+0.0%")
    #expect(NumberText.signedPercent(nil) == "–")
    #expect(NumberText.signedPercent(1e11) == "–")
  }
}
