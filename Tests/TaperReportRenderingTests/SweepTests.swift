import TaperAuditor
import TaperJSON
import TaperPlanFormat
import TaperReportRendering
import Testing

/// Sweeps made up by hand: the Pareto front, and what the renderers make of it.
@Suite struct SweepTests {
  private static func row(_ name: String, _ method: String, time: UInt64, right: Int?) -> SweepRow {
    let prediction = Prediction(
      time: Nanoseconds(time), low: Nanoseconds(time), high: Nanoseconds(time), work: Flops(1),
      traffic: Bytes(1),
      bound: .compute, provenance: .measured)
    return SweepRow(
      name: name, method: method, layers: 6,
      prediction: LengthPrediction(
        planned: prediction, denseTime: Nanoseconds(12_000_000), denseWork: Flops(1),
        publishedWork: Flops(time),
        publishedDenseWork: Flops(12_000_000)),
      measured: TimePercentiles([Nanoseconds(time + 1_000_000)]),
      accuracy: right.map {
        AccuracyAudit(
          metric: .accuracy, dense: nil, planned: Double($0) / 1_000, interval: .proportion($0, of: 1_000),
          agreement: nil, count: 1_000)
      })
  }

  static func report(isJudged: Bool = true) -> SweepReport {
    func row(_ name: String, _ method: String, _ time: UInt64, _ right: Int) -> SweepRow {
      Self.row(name, method, time: time, right: isJudged ? right : nil)
    }
    return SweepReport(
      model: "<mini>", device: "box", precision: "f32", threads: 2, tokens: 128,
      evidence: isJudged ? .test : .none,
      rows: [
        row("dense", "dense", 12_000_000, 960), row("acc-1.5x", "acc", 8_000_000, 962),
        row("acc-2x", "acc", 6_000_000, 957), row("acc-3x", "acc", 4_000_000, 935),
        row("depth-2x", "depth", 6_000_000, 940), row("depth-4x", "depth", 3_000_000, 938),
      ])
  }

  @Test func theParetoSetIsWhatNothingBeats() {
    let report = Self.report()
    #expect(report.rows.map(report.isPareto) == [false, true, true, false, false, true])
    #expect(report.fastest(losingAtMost: 0.0075)?.name == "acc-2x")
    #expect(report.fastest(losingAtMost: 0.03)?.name == "depth-4x")
    #expect(report.fastest(losingAtMost: 0)?.name == "acc-1.5x")
    #expect(abs((report.lost(report.rows[1]) ?? 0) + 0.002) < 1e-12)
    // Measured speedups, where there are some.
    #expect(abs(report.speedup(report.rows[2]) - 13.0 / 7) < 1e-12)
    // Without accuracies nothing is told apart.
    let bare = Self.report(isJudged: false)
    #expect(bare.rows.allSatisfy(bare.isPareto) && bare.fastest(losingAtMost: 1) == nil && bare.metric == nil)
  }

  @Test func equalPlansAreBothInTheSet() {
    var report = Self.report()
    report.rows.append(report.rows[2])
    #expect(report.isPareto(report.rows[2]) && report.isPareto(report.rows[6]))
  }

  @Test func goldens() {
    let report = Self.report()
    let page = Report(report, weights: "0.weights", drop: 0.0075)
    expectGolden(TextRenderer.render(page), "sweep.txt")
    expectGolden(
      TextRenderer.render(Report(Self.report(isJudged: false), weights: "", drop: 0.0075)), "sweep-bare.txt")
    expectGolden(
      JSONRenderer.render(page) + "\n", "sweep.json")
    expectGolden(HTMLRenderer.render(page), "sweep.html")
    expectGolden(Chart.sweep(report)?.standalone() ?? "", "sweep.svg")
    #expect(Chart.sweep(Self.report(isJudged: false)) == nil)
  }

  @Test func hostileNamesStayText() {
    let page = HTMLRenderer.render(Report(Self.report(), weights: "</script>", drop: nil))
    #expect(!page.contains("<mini>") && page.contains("&lt;mini&gt;"))
    #expect(page.split(separator: "</script>", omittingEmptySubsequences: false).count == 2)
  }

  @Test func dotsLieInsideTheFrame() throws {
    let svg = try #require(Chart.sweep(Self.report())).standalone()
    for (name, limit) in [("cx", 720.0), ("cy", 400.0)] {
      let values = svg.split(separator: "\(name)=\"").dropFirst().compactMap {
        Double($0.prefix { $0 != "\"" })
      }
      #expect(values.count == 6 && values.allSatisfy { $0 > 0 && $0 < limit })
    }
  }
}
