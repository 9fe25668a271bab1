import TaperReportRendering
import Testing

@Suite struct AxisTests {
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
    #expect(Axis(upTo: 256, count: 5).base == 0)
  }

  @Test func axesNeedNotBeginAtZero() {
    for (smallest, largest) in [(0.913, 0.968), (1, 4.3), (1, 1), (0.5, 0.5001), (-0.2, 0.9)] {
      let axis = Axis(from: smallest, upTo: largest, count: 5)
      #expect(axis.base <= smallest + 1e-9 && axis.limit >= largest - 1e-3 * abs(largest))
      #expect(axis.limit > axis.base && axis.ticks.first == axis.base && axis.ticks.count >= 2)
    }
    #expect(Axis(from: 1, upTo: 4.3, count: 6).ticks == [1, 2, 3, 4, 5])
  }
}
