import TaperAuditor
import TaperPlanFormat

/// What the renderers of a sweep share: columns and sentences.
struct SweepWords {
  static let mark = "●"
  let report: SweepReport

  struct Column {
    var heading: String
    var cell: (SweepRow) -> String
  }

  /// Those that have something to show.
  var columns: [Column] {
    var columns = [
      Column(heading: "layers") { "\($0.layers)" },
      Column(heading: "work") { NumberText.times($0.prediction.publishedWorkSpeedup) },
      Column(heading: "~time") { "~" + NumberText.time($0.prediction.planned.time) },
      Column(heading: "~speedup") { "~" + NumberText.times($0.prediction.timeSpeedup) },
    ]
    if report.isTimed {
      columns += [
        Column(heading: "p50") { $0.measured.map { NumberText.time($0.p50) } ?? "–" },
        Column(heading: "speedup") { report.measuredSpeedup($0).map(NumberText.times) ?? "–" },
      ]
    }
    if report.isInMean, let time = meanTime {
      columns += [
        Column(heading: mean + "mean") { $0[keyPath: time].map { mean + NumberText.time($0) } ?? "–" },
        Column(heading: mean + "speedup") {
          report.meanSpeedup($0).map { mean + NumberText.times($0) } ?? "–"
        },
      ]
    }
    if let metric = report.metric {
      columns += [
        Column(heading: metric.rawValue) { $0.accuracy?.value.map(metric.text) ?? "–" },
        Column(heading: "95% interval") { row in
          row.accuracy.map { "\(metric.text($0.interval.low)) to \(metric.text($0.interval.high))" } ?? "–"
        },
        Column(heading: "lost") { row in
          row == report.rows[0] ? "" : report.lost(row).map { lost($0, metric) } ?? "–"
        },
      ]
    }
    return columns
  }

  /// Where the mean time of texts as they are is to be had; measured before predicted.
  private var meanTime: KeyPath<SweepRow, Nanoseconds?>? {
    [\SweepRow.mean, \.expected].first { time in report.rows.allSatisfy { $0[keyPath: time] != nil } }
  }
  /// "~" where it is predicted.
  private var mean: String { meanTime == \SweepRow.mean ? "" : "~" }

  private func lost(_ difference: Double, _ metric: AccuracyAudit.Metric) -> String {
    let text = metric.points(difference)
    return text.hasPrefix("+") ? String(text.dropFirst()) : text
  }

  /// Whether the row is of the Pareto set; nothing is marked where nothing tells better from worse.
  func isMarked(_ row: SweepRow) -> Bool { report.metric != nil && report.isPareto(row) }

  var subject: String {
    let evidence =
      switch report.evidence {
      case .test: "\(texts) not trained on"
      case .heldOut: "\(texts) held out of the heads' fitting"
      case .calibration: "the dense model's answers to \(texts)"
      case .none: "no texts to judge by"
      }
    return
      "\(report.model) · \(report.precision) · planned for \(report.device) · \(NumberText.count(report.threads, "thread"))"
      + " · times at \(report.tokens) tokens · \(evidence)"
  }

  private var texts: String { NumberText.count(report.rows[0].accuracy?.count ?? 0, "text") }

  var legend: String? {
    report.metric.map { _ in
      let times =
        "\(report.isTimed ? "measured" : "predicted")\(report.isInMean ? ", mean over texts as they are" : "")"
      return "\(Self.mark) Pareto set: no other plan is at least as fast (\(times)) and as good"
    }
  }

  func fastest(losingAtMost drop: Double) -> String? {
    guard let metric = report.metric, let row = report.fastest(losingAtMost: drop) else { return nil }
    return
      "fastest that loses at most \(lost(drop, metric)): \(row.name), \(NumberText.times(report.speedup(row)))"
  }
}
