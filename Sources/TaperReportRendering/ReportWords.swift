import TaperAuditor
import TaperPlanFormat

/// Sentences that the renderers share, so that text and page say the same.
struct ReportWords {
  let report: AuditReport

  /// One sentence: the verdict, why, and what to do.
  var verdict: String {
    let tolerance = NumberText.percent(
      report.tolerance, report.tolerance * 100 == (report.tolerance * 100).rounded() ? 0 : 1)
    switch report.verdict {
    case .within:
      return "Every measured median is within \(tolerance) of what the plan predicts."
    case .outside:
      let missed = report.lengths.filter { abs($0.residual ?? .infinity) > report.tolerance }
      let worst = report.worstLength.map { worst in
        worst.residual == nil
          ? "; at \(worst.tokens) tokens it predicts nothing"
          : "; the worst is \(NumberText.signedPercent(worst.residual)) at \(worst.tokens) tokens"
      }
      return "\(missed.count) of \(NumberText.count(report.lengths.count, "length")) "
        + "\(missed.count == 1 ? "misses" : "miss") the prediction by more than \(tolerance)\(worst ?? "")."
    case .noisy:
      return "The machine varied by \(NumberText.percent(report.noise.spread, 0)) while measuring "
        + "(bound \(NumberText.percent(report.noise.bound, 0))), so the plan cannot be judged. "
        + "Audit again when the machine is quiet."
    }
  }

  /// What was audited: model, method, precision, device, threads.
  var subject: String {
    let identity = report.plan.identity
    return
      "\(identity.modelName) · \(identity.method) · \(identity.precision) · planned for \(identity.deviceName)"
      + " · \(NumberText.count(report.threads, "thread"))"
  }

  /// Sentences on where texts ended; none for a plan without halting points.
  var halting: [String] {
    guard let halting = report.halting else { return [] }
    func depths(_ depths: HaltingDepths) -> String {
      "\(NumberText.fixed(depths.meanDepth, 2)) layers on average, \(share(depths.capShare)) to the last"
    }
    func spread(_ time: ExpectedTime, _ mark: String) -> String {
      func text(_ time: Nanoseconds) -> String { mark + NumberText.time(time) }
      return
        "\(text(time.mean)) on average (p50 \(text(time.p50)), p90 \(text(time.p90)), p99 \(text(time.p99)))"
    }
    let measured = halting.measured
    let histogram = measured.histogram.enumerated()
      .map { "\($0 + 1): \(share(Double($1) / Double(max(1, measured.texts))))" }.joined(separator: ", ")
    var sentences = [
      "Times by length are the worst case: no halting point ended a run.",
      "\(NumberText.count(measured.texts, "text")) ran \(depths(measured)); ended after layer \(histogram).",
    ]
    if let expected = halting.expected {
      sentences.append("The calibration's \(expected.texts) ran \(depths(expected)) when the plan was made.")
    }
    sentences.append(
      "\(NumberText.count(halting.changedLabels, "label")) changed against runs to the last layer.")
    sentences.append("The texts took \(spread(measured.time, "")), one run each.")
    if let predicted = halting.predicted {
      sentences.append("For their lengths and depths the plan says \(spread(predicted, "~")).")
    }
    return sentences
  }

  /// Sentences on the dense model's answers and the plan's; none when nothing was compared.
  var accuracy: [String] {
    guard let accuracy = report.accuracy else { return [] }
    let interval = "95% interval \(share(accuracy.interval.low)) to \(share(accuracy.interval.high))"
    let texts = NumberText.count(accuracy.count, "text")
    guard let planned = accuracy.planned else {
      let agreement = accuracy.agreement.map(share) ?? "–"
      return ["\(metricName(accuracy.metric)) \(agreement) on \(texts) (\(interval)).", promise].compactMap(
        \.self)
    }
    var sentences = ["\(metricName(accuracy.metric)) \(share(planned)) on \(texts) (\(interval))."]
    if let dense = accuracy.dense {
      sentences.append("The dense model has \(share(dense)): a difference of \(points(planned - dense)).")
    }
    if let agreement = accuracy.agreement {
      sentences.append("The answers agree with the dense model's by \(share(agreement)).")
    }
    if let promise { sentences.append(promise) }
    return sentences
  }

  /// Whether the accuracy is what the plan promises; nil when that is not known.
  var promise: String? {
    guard let evidence = report.plan.evidence else { return nil }
    let promised = "When it was made the plan had \(EvidenceText.line(evidence, head: report.plan.head))"
    switch report.accuracyHolds {
    case true?: return "\(promised): what is measured here agrees."
    case false?: return "\(promised): what is measured here is below that."
    case nil: return "\(promised)."
    }
  }

  /// Where the residual comes from, in a sentence; nil without traced ops or a timed reference length.
  var residual: String? {
    guard let reference = report.reference, reference.predicted != .zero else { return nil }
    let whole = Double(reference.predicted.rawValue)
    let parts = report.residualSources.prefix(3).map {
      "\($0.name) \(NumberText.signedPercent($0.difference / whole))"
    }
    return
      "At \(reference.tokens) tokens the median is \(NumberText.signedPercent(reference.residual)) from its "
      + "prediction; of that the largest parts are \(parts.joined(separator: ", "))."
  }

  func metricName(_ metric: AccuracyAudit.Metric) -> String { metric.words }

  /// A value of the report's metric.
  func share(_ value: Double) -> String { (report.accuracy?.metric ?? .accuracy).text(value) }

  /// A difference of the report's metric.
  func points(_ difference: Double) -> String { (report.accuracy?.metric ?? .accuracy).points(difference) }

  /// How steady the machine was.
  var noise: String {
    let noise = report.noise
    return
      "Probe \(NumberText.time(noise.p50)) (p10 \(NumberText.time(noise.p10)), p90 \(NumberText.time(noise.p90)), "
      + "\(NumberText.count(noise.probes, "probe"))): spread \(NumberText.percent(noise.spread)) of "
      + "\(NumberText.percent(noise.bound, 0)) allowed, drift \(NumberText.signedPercent(noise.drift))."
  }

  func layerName(_ layer: Int) -> String {
    if layer == 0 { return "embeddings" }
    return layer > report.plan.layers ? "pooling and head" : "layer \(layer)"
  }
}

extension PercentileEstimate {
  /// Its 95% interval: "1.70 – 1.76 ms", a question mark where the runs are too few to say.
  var intervalText: String {
    let (low, high) = (low.map(NumberText.time) ?? "?", high.map(NumberText.time) ?? "?")
    let unit = high.drop { $0 != " " }
    return (!unit.isEmpty && low.hasSuffix(unit) ? String(low.dropLast(unit.count)) : low) + " – " + high
  }
}

extension AccuracyAudit.Metric {
  var words: String {
    switch self {
    case .accuracy: "Accuracy"
    case .pearson: "Pearson correlation"
    case .agreement: "Agreement with the dense model"
    case .cosine: "Mean cosine with the dense model"
    }
  }

  /// A value: shares as percent, correlations and cosines as they are.
  func text(_ value: Double) -> String {
    switch self {
    case .pearson: NumberText.fixed(value, 3)
    case .cosine: NumberText.fixed(value, 4)
    case .accuracy, .agreement: NumberText.percent(value, 2)
    }
  }

  /// A difference of values.
  func points(_ difference: Double) -> String {
    let sign = difference >= 0 ? "+" : ""
    switch self {
    case .pearson, .cosine: return sign + NumberText.fixed(difference, 3)
    case .accuracy, .agreement: return sign + NumberText.fixed(difference * 100, 2) + " points"
    }
  }
}
