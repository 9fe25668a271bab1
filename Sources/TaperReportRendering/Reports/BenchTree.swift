public import TaperAuditor
import TaperBase
package import TaperPlanFormat

extension Report {
  /// What `taper bench` shows: percentiles by input length, and how steady the machine was.
  ///
  /// - Parameter samples: whether programs also get every run's time, and the chunks that runs came in.
  public init(_ timings: LatencyTimings, plan: String, threads: Int, samples: Bool) {
    self.init("bench", of: plan) {
      ReportNode.data("threads", .integer(threads))
      timings.table(samples: samples)
      ReportNode.data("noise", timings.noise.value)
      ReportNode.paragraph(timings.noise.words, .plain)
      if samples { ReportNode.data("chunks", .list(timings.chunks.map(\.value))) }
    }
  }
}

extension LatencyTimings {
  fileprivate func table(samples: Bool) -> ReportTable {
    var columns: [ReportTable.Column] = [.init("tokens", key: "tokens", .left), .init("runs", key: "runs")]
    columns += Percentile.allCases.map { .data("\($0)_ns") }
    columns += Percentile.allCases.map { .data("\($0)_interval_ns") }
    columns += Percentile.allCases.flatMap { [.init($0.name), .init("95% interval")] }
    if samples { columns.append(.data("samples_ns")) }
    return ReportTable(
      key: "lengths", columns, style: .ruled,
      rows: lengths.map { length in
        let estimates = Percentile.allCases.map { length.percentiles[$0] }
        var cells: [ReportValue] = [.integer(length.tokens), .integer(length.samples.count)]
        cells += estimates.map { .time($0.time) }
        cells += estimates.map(\.interval)
        cells += estimates.flatMap { [.time($0.time), .text($0.intervalText)] }
        if samples { cells.append(.times(length.samples)) }
        return .init(cells)
      })
  }
}

extension LatencyTimings.Chunk {
  fileprivate var value: ReportValue {
    .record([
      "tokens": .integer(tokens), "runs": .integer(runs), "before": before.value, "after": after.value,
    ])
  }
}

extension ReferenceTimes {
  package var value: ReportValue {
    .record(["compute_ns": .time(compute), "bandwidth_ns": .time(bandwidth)])
  }
}

extension ReferenceNoise {
  /// How steady the machine was while something was timed.
  package var value: ReportValue {
    .record([
      "verdict": .text(isNoisy ? "noisy" : "steady"), "bound": .share(bound), "compute": compute.value { $0 },
      "bandwidth": bandwidth.value { $0 },
    ])
  }

  package var words: String {
    func words(_ series: Series) -> String {
      "\(NumberText.percent(series.spread)) (drift \(NumberText.signedPercent(series.drift)))"
    }
    return "machine \(isNoisy ? "too noisy to judge" : "steady"): compute speed varied by \(words(compute)), "
      + "memory speed by \(words(bandwidth)); limit \(NumberText.percent(bound, 0))"
  }
}

extension ReferenceNoise.Series {
  func value(_ number: (ReportValue) -> ReportValue) -> ReportValue {
    .record(["p50_ns": .time(p50), "spread": number(.share(spread)), "drift": number(.change(drift))])
  }
}
