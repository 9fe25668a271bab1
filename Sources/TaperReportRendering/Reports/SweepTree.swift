public import TaperAuditor
import TaperBase
import TaperPlanFormat

extension Report {
  /// What `taper sweep` shows: a row a plan, the Pareto front marked, and accuracy over speedup as a chart.
  ///
  /// - Parameters:
  ///   - weights: name of the weights file that the plans share.
  ///   - drop: share of the metric that may be lost; names the fastest plan within it.
  public init(_ sweep: SweepReport, weights: String, drop: Double?) {
    let words = SweepWords(report: sweep)
    self.init("sweep", of: sweep.model) {
      ReportNode.paragraph(words.subject, .plain)
      ReportNode.data("model", sweep.model)
      ReportNode.data("device", sweep.device)
      ReportNode.data("precision", sweep.precision)
      ReportNode.data("threads", .integer(sweep.threads))
      ReportNode.data("tokens", .integer(sweep.tokens))
      ReportNode.data("weights", weights)
      ReportNode.data("evidence", sweep.evidence.rawValue)
      ReportNode.data("metric", ReportValue(sweep.metric) { .text($0.rawValue) })
      ReportNode.section {
        Chart.sweep(sweep)
        sweep.table
      }
      ReportNode.section {
        if let legend = words.legend { ReportNode.paragraph(legend, .plain) }
        if let drop, let sentence = words.fastest(losingAtMost: drop) {
          ReportNode.paragraph(sentence, .plain)
        }
      }
    }
  }
}

extension SweepReport {
  fileprivate var table: ReportTable {
    // The mean time over texts of any length, where it is known; measured if possible, else predicted.
    let meanTime = [\SweepRow.mean, \.expected].first { time in rows.allSatisfy { $0[keyPath: time] != nil } }
    let showsMean = isInMean && meanTime != nil
    let mark = meanTime == \SweepRow.mean ? "" : "~"
    let metric = metric
    func heading(_ heading: String, _ isShown: Bool) -> String? { isShown ? heading : nil }
    let columns: [ReportTable.Column] = [
      .init("", .left), .init("plan", key: "plan", .left), .data("method"), .init("layers", key: "layers"),
      .init("K", key: "work_speedup"), .init("~time", key: "predicted_ns"),
      .init("~speedup", key: "predicted_speedup"), .init(heading("p50", isTimed), key: "measured_p50_ns"),
      .data("measured_p99_ns"), .init(heading("speedup", isTimed), key: "measured_speedup"),
      .data("expected_ns"), .data("mean_ns"), .init(heading("\(mark)mean", showsMean)),
      .init(heading("\(mark)speedup", showsMean), key: "mean_speedup"),
      .init(metric?.rawValue, key: "accuracy"),
      .init(heading("95% interval", metric != nil), key: "interval"),
      .data("count"), .init(heading("lost", metric != nil), key: "lost"), .data("pareto"),
    ]
    return ReportTable(
      key: "plans", columns,
      rows: rows.map { row in
        let accuracy = row.accuracy
        func text(_ value: Double?) -> String { value.flatMap { value in metric?.text(value) } ?? "–" }
        func rounded(_ value: Double?) -> ReportValue { .rounded(ReportValue(value) { .factor($0) }) }
        let interval = accuracy.map { "\(text($0.interval.low)) to \(text($0.interval.high))" } ?? "–"
        let lost = row == rows[0] ? "" : lost(row).flatMap { lost in metric?.loss(lost) } ?? "–"
        let mean = rounded(meanSpeedup(row))
        return .init([
          .text(SweepWords(report: self).isMarked(row) ? SweepWords.mark : ""),
          .shown(row.name, .text(row.name + ".plan")), .text(row.method), .integer(row.layers),
          rounded(row.prediction.publishedWorkSpeedup),
          .predicted(.time(row.prediction.planned.time)),
          .predicted(.rounded(.factor(row.prediction.timeSpeedup))),
          ReportValue(row.measured) { .time($0.p50) }, ReportValue(row.measured) { .time($0.p99) },
          rounded(measuredSpeedup(row)), ReportValue(row.expected) { .time($0) },
          ReportValue(row.mean) { .time($0) },
          .text(meanTime.flatMap { row[keyPath: $0] }.map { mark + NumberText.time($0) } ?? "–"),
          meanTime == \SweepRow.mean ? mean : .predicted(mean),
          .shown(text(accuracy?.value), .rounded(ReportValue(accuracy?.value) { .number($0) })),
          .shown(interval, ReportValue(accuracy) { $0.interval.value }),
          ReportValue(accuracy) { .integer($0.count) },
          .shown(lost, .rounded(ReportValue(self.lost(row)) { .number($0) })), .flag(isPareto(row)),
        ])
      })
  }
}

extension AccuracyAudit.Metric {
  /// A loss: "0.30 points", "−0.20 points" where it is a gain.
  fileprivate func loss(_ difference: Double) -> String {
    let text = points(difference)
    return text.hasPrefix("+") ? String(text.dropFirst()) : text
  }
}

/// A sweep's sentences.
private struct SweepWords {
  static let mark = "●"
  let report: SweepReport

  /// Whether the row is of the Pareto front; nothing is marked where nothing tells better from worse.
  func isMarked(_ row: SweepRow) -> Bool { report.metric != nil && report.isPareto(row) }

  var subject: String {
    let texts = NumberText.count(report.rows[0].accuracy?.count ?? 0, "text")
    let evidence =
      switch report.evidence {
      case .test: "accuracy on \(texts) not trained on"
      case .heldOut: "accuracy on \(texts) held out when the heads were fitted"
      case .calibration: "agreement with the dense model on \(texts)"
      case .none: "no texts to measure accuracy on"
      }
    return
      "\(report.model) · \(report.precision) · planned for \(report.device) · "
      + "\(NumberText.count(report.threads, "thread")) · times at \(report.tokens) tokens · \(evidence)"
  }

  var legend: String? {
    report.metric.map { _ in
      let times =
        (report.isTimed ? "measured" : "predicted")
        + (report.isInMean ? ", mean over texts of any length" : "")
      return
        "\(Self.mark) Pareto front: no other plan is both at least as fast (\(times)) and at least as accurate"
    }
  }

  func fastest(losingAtMost drop: Double) -> String? {
    guard let metric = report.metric, let row = report.fastest(losingAtMost: drop) else { return nil }
    return
      "fastest that loses at most \(metric.loss(drop)): \(row.name), \(NumberText.times(report.speedup(row)))"
  }
}
