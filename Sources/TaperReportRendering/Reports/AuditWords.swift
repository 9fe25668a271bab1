import TaperAuditor
import TaperBase
import TaperPlanFormat

/// An audit's sentences.
struct AuditWords {
  let report: AuditReport

  /// One sentence: the verdict, why, and what to do.
  var verdict: String {
    let tolerance = NumberText.percent(
      report.tolerance, report.tolerance * 100 == (report.tolerance * 100).rounded() ? 0 : 1)
    switch report.verdict {
    case .within:
      return "Every measured median is within \(tolerance) of the plan's prediction."
    case .outside:
      let missed = report.lengths.filter(report.isOutside)
      let worst = report.worstLength.map { worst in
        worst.residual == nil
          ? "; the plan has no prediction at \(worst.tokens) tokens"
          : "; the worst is \(NumberText.signedPercent(worst.residual)) at \(worst.tokens) tokens"
      }
      return "\(missed.count) of \(NumberText.count(report.lengths.count, "length")) "
        + "\(missed.count == 1 ? "misses" : "miss") the prediction by more than \(tolerance)\(worst ?? "")."
    case .noisy:
      return
        "The machine's speed varied by \(NumberText.percent(report.noise.spread, 0)) during the measurement "
        + "(limit \(NumberText.percent(report.noise.bound, 0))), so the plan cannot be judged. "
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
    func percent(_ share: Double) -> String { NumberText.percent(share, 2) }
    let measured = halting.measured
    let histogram = measured.histogram.enumerated()
      .map { "\($0 + 1): \(percent(Double($1) / Double(max(1, measured.texts))))" }.joined(separator: ", ")
    var sentences = [
      "The times by length above are the worst case: halting was switched off.",
      "With halting on, over \(NumberText.count(measured.texts, "text")): \(measured.words). "
        + "Last layer run, by share of texts: \(histogram).",
    ]
    if let expected = halting.expected {
      sentences.append("At planning time, over \(expected.texts) calibration texts: \(expected.words).")
    }
    sentences.append(
      "\(NumberText.count(halting.changedLabels, "label")) differ from those of runs through all layers.")
    sentences.append("The texts took \(measured.time.words("")), one run each.")
    if let predicted = halting.predicted {
      sentences.append("The plan predicts \(predicted.words("~")) for these lengths and depths.")
    }
    return sentences
  }

  /// Sentences on the dense model's answers and the plan's; none when nothing was compared.
  var accuracy: [String] {
    guard let accuracy = report.accuracy else { return [] }
    let metric = accuracy.metric
    let interval =
      "95% interval \(metric.text(accuracy.interval.low)) to \(metric.text(accuracy.interval.high))"
    let texts = NumberText.count(accuracy.count, "text")
    guard let planned = accuracy.planned else {
      let agreement = accuracy.agreement.map(metric.text) ?? "–"
      let sentence = "\(metric.words) \(agreement) on \(texts) (\(interval)); no right answers are known."
      return [sentence] + (promise.map { [$0] } ?? [])
    }
    let name = metric.words + (accuracy.positive.map { " of \($0)" } ?? "")
    var sentences = ["\(name) \(metric.text(planned)) on \(texts) (\(interval))."]
    if let dense = accuracy.dense {
      sentences.append(
        "The dense model has \(metric.text(dense)): a difference of \(metric.points(planned - dense)).")
    }
    if let agreement = accuracy.agreement {
      sentences.append("Agreement with the dense model's answers: \(metric.agreementText(agreement)).")
    }
    if let promise { sentences.append(promise) }
    return sentences
  }

  /// The accuracy that the plan states, and whether the measured one is consistent with it; nil when it states none.
  var promise: String? {
    guard let evidence = report.plan.evidence else { return nil }
    let promised = "The plan states \(EvidenceText.line(evidence, head: report.plan.head))"
    switch report.accuracyHolds {
    case true?: return "\(promised); the measurement agrees."
    case false?: return "\(promised); the measurement is below that."
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
      + "prediction; the largest parts of that are \(parts.joined(separator: ", "))."
  }

  /// How steady the machine was.
  var noise: String {
    let noise = report.noise
    return
      "Two reference kernels took \(NumberText.time(noise.p50)) (p10 \(NumberText.time(noise.p10)), "
      + "p90 \(NumberText.time(noise.p90)), \(NumberText.count(noise.probes, "sample"))): "
      + "spread \(NumberText.percent(noise.spread)) (limit \(NumberText.percent(noise.bound, 0))), "
      + "drift \(NumberText.signedPercent(noise.drift))."
  }

  func layerName(_ layer: Int) -> String {
    if layer == 0 { return "embeddings" }
    return layer > report.plan.layers ? "pooling and head" : "layer \(layer)"
  }
}

extension AuditReport {
  /// Whether its median is out of tolerance, or has no prediction to be held against.
  func isOutside(_ length: LengthAudit) -> Bool { abs(length.residual ?? .infinity) > tolerance }
}

extension PercentileEstimate {
  /// Its 95% interval: "1.70 – 1.76 ms", a question mark where the runs are too few to say.
  var intervalText: String {
    let (low, high) = (low.map(NumberText.time) ?? "?", high.map(NumberText.time) ?? "?")
    let unit = high.drop { $0 != " " }
    return (!unit.isEmpty && low.hasSuffix(unit) ? String(low.dropLast(unit.count)) : low) + " – " + high
  }

  /// For programs: [low, high].
  var interval: ReportValue { .list([ReportValue(low) { .time($0) }, ReportValue(high) { .time($0) }]) }
}

extension ConfidenceInterval {
  /// For programs: [low, high].
  var value: ReportValue { .list([.rounded(.number(low)), .rounded(.number(high))]) }
}

extension AccuracyAudit.Metric {
  var words: String {
    switch self {
    case .accuracy: "Accuracy"
    case .matthews: "Matthews correlation"
    case .f1: "F1"
    case .pearson: "Pearson correlation"
    case .spearman: "Spearman correlation"
    case .agreement: "Agreement with the dense model"
    case .cosine: "Mean cosine with the dense model"
    }
  }

  /// A value: shares as percent, correlations and cosines as they are.
  func text(_ value: Double) -> String {
    switch self {
    case .matthews, .pearson, .spearman: NumberText.fixed(value, 3)
    case .cosine: NumberText.fixed(value, 4)
    case .accuracy, .f1, .agreement: NumberText.percent(value, 2)
    }
  }

  /// An agreement with the dense model's answers, next to a value: of labels a share.
  func agreementText(_ value: Double) -> String {
    self == .matthews ? Self.accuracy.text(value) : text(value)
  }

  /// A difference of values.
  func points(_ difference: Double) -> String {
    let sign = difference >= 0 ? "+" : ""
    switch self {
    case .matthews, .pearson, .spearman, .cosine: return sign + NumberText.fixed(difference, 3)
    case .accuracy, .f1, .agreement: return sign + NumberText.fixed(difference * 100, 2) + " points"
    }
  }
}
