import TaperAuditor
import TaperJSON
import TaperPlanFormat
import TaperReportRendering
import Testing

@Suite struct BenchTests {
  private static func report(samples: Bool) -> Report {
    let reference = ReferenceTimes(compute: Nanoseconds(500), bandwidth: Nanoseconds(700))
    let timings = LatencyTimings(
      lengths: [16, 128].map { tokens in
        LengthTiming(
          tokens: tokens, samples: (1...40).map { Nanoseconds(UInt64(tokens) * 10_000 + $0 * 1_000) })
      },
      chunks: [.init(tokens: 16, runs: 40, before: reference, after: reference)],
      noise: ReferenceNoise(probes: [reference, reference], bound: 0.15))
    return Report(timings, plan: "a.plan", threads: 2, samples: samples)
  }

  @Test func text() { expectGolden(TextRenderer.render(Self.report(samples: true)), "bench.txt") }

  /// Every run's time is for programs that ask for it.
  @Test func runsAndChunksAreInJSONOnRequest() {
    let (plain, full) = (
      JSONRenderer.value(Self.report(samples: false)), JSONRenderer.value(Self.report(samples: true))
    )
    #expect(plain["lengths"]?[1]?["p50_ns"]?.int == 1_300_000)
    #expect(plain["lengths"]?[1]?["p99_interval_ns"]?[1] == .null)
    #expect(plain["lengths"]?[0]?["samples_ns"] == nil && plain["chunks"] == nil)
    #expect(full["lengths"]?[0]?["samples_ns"]?.array?.count == 40)
    #expect(full["chunks"]?[0]?["before"]?["bandwidth_ns"]?.int == 700)
    #expect(full["noise"]?["verdict"]?.string == "steady")
  }
}
