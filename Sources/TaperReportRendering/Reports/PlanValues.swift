import TaperBase
package import TaperPlanFormat

// Parts of a plan as values for programs, the same in every command's JSON.

extension AccuracyEvidence {
  /// Six decimals: a 32-bit float has no more.
  package var value: ReportValue {
    func number(_ value: Float) -> ReportValue { .rounded(.number(Double(value))) }
    return .record([
      "metric": .text(metric.name), "positive": ReportValue(positive) { .text($0) },
      "source": .text(source.name), "count": .integer(texts),
      "planned": number(planned), "dense": ReportValue(dense, number),
      "interval": ReportValue(interval) { .list([number($0.low), number($0.high)]) },
    ])
  }
}

extension ExpectedTime {
  package var fields: [ReportValue.Field] {
    [
      .init("mean_ns", .time(mean)), .init("p50_ns", .time(p50)), .init("p90_ns", .time(p90)),
      .init("p99_ns", .time(p99)),
    ]
  }

  /// "~14.5 µs on average, p50 ~14.3 µs, p90 ~23.3 µs, p99 ~27.7 µs", with `mark` before each time.
  func words(_ mark: String) -> String {
    func text(_ time: Nanoseconds) -> String { mark + NumberText.time(time) }
    return "\(text(mean)) on average, p50 \(text(p50)), p90 \(text(p90)), p99 \(text(p99))"
  }
}

extension HaltingDepths {
  func value(_ number: (ReportValue) -> ReportValue = { $0 }) -> ReportValue {
    .record(
      time.fields + [
        .init("texts", .integer(texts)), .init("histogram", .integers(histogram)),
        .init("mean_depth", number(.number(meanDepth))), .init("cap_share", number(.share(capShare))),
      ])
  }

  /// "2.50 layers on average, 25.0% run all layers".
  var words: String {
    "\(NumberText.fixed(meanDepth, 2)) layers on average, \(NumberText.percent(capShare)) run all layers"
  }
}

extension ArenaLayout {
  /// A slot that lives to the end of the run has no last op.
  var slotValues: ReportValue {
    .list(
      slots.map { slot in
        .record([
          "name": .text(slot.name), "offset": .bytes(slot.offset), "bytes": .bytes(slot.byteCount),
          "first_op": .integer(slot.firstOp), "last_op": slot.lastOp == .max ? .none : .integer(slot.lastOp),
        ])
      })
  }
}

extension Plan {
  /// Its halting points; nil for a plan that does not halt.
  package var haltingValue: ReportValue? {
    guard let halting else { return nil }
    let longest = schedule.maximumLength
    let depths = (1...max(1, schedule.layerCount)).compactMap { predictedTime(length: longest, depth: $0) }
    return .record([
      "rule": ReportValue(haltingRule) { .text($0.rawValue) }, "points": .integers(haltingPoints),
      "cap": .integer(schedule.layerCount), "layers": .integer(halting.layers),
      "worst_ns": ReportValue(predictions.lengths.last) { .time($0.planned.time) },
      "depth_ns": .times(depths), "expected": ReportValue(halting.measured) { $0.value() },
    ])
  }

  /// Its halting points in a line; nil for a plan that does not halt.
  package var haltingLine: String? {
    guard let halting else { return nil }
    let cap = schedule.layerCount
    let points = haltingPoints.map(String.init).joined(separator: ", ")
    let rule = haltingRule.map { $0 == .tight ? "the tighter rule" : "the authors' rule" } ?? "no rule"
    return (points.isEmpty ? "halting points: none" : "halting points after layers \(points), by \(rule)")
      + (cap < Int(halting.layers)
        ? "; capped at \(cap) of \(halting.layers) layers" : "; no cap below the \(cap) layers")
  }

  /// Its halting points and what they are worth, for `taper explain` and `taper plan`.
  @ReportBuilder package var haltingNodes: [ReportNode] {
    if let halting, let line = haltingLine {
      let cap = schedule.layerCount
      let longest = schedule.maximumLength
      let times = (1...max(1, cap)).compactMap { predictedTime(length: longest, depth: $0) }
      ReportNode.paragraph(line, .hanging(4))
      if times.count == cap {
        haltingTable(times, halting.measured)
        if let measured = halting.measured {
          ReportNode.paragraph("\(measured.texts) calibration texts: \(measured.words)")
          ReportNode.paragraph(
            "expected \(measured.time.words("~")); worst case ~\(NumberText.time(times[cap - 1])) at \(longest) tokens"
          )
        } else {
          ReportNode.paragraph("how many texts end after each layer: unknown, planned without a calibration")
        }
      }
    }
  }

  private func haltingTable(_ times: [Nanoseconds], _ measured: HaltingDepths?) -> ReportTable {
    var rows: [ReportTable.Row] = [
      .init([.text("ends after layer")] + times.indices.map { .integer($0 + 1) }),
      .init([.text("~time at \(schedule.maximumLength) tokens")] + times.map { .predicted(.time($0)) }),
    ]
    if let measured {
      let texts = Double(max(1, measured.texts))
      rows.append(.init([.text("calibration texts")] + measured.histogram.map { .share(Double($0) / texts) }))
    }
    return ReportTable(
      [.init("", .left, width: 22)] + times.map { _ in .init("", width: 10) }, showsHeadings: false,
      rows: rows)
  }
}
