public import TaperPlanFormat

/// Compares a plan's answers with the right ones and with the dense model's; pure.
///
/// The answer of a multi-label head is what `taper run` prints as its labels: all of at least 0.5. It agrees when it is
/// the same set, and is right when it is the right label alone.
///
/// References of another width than the answers (an embedding against a classifier's scores) cannot be
/// compared and count as not given.
public enum AnswerJudge {
  /// - Parameters:
  ///   - answers: one a sample, `head.outputWidth` wide.
  ///   - measure: counts where right answers are known, and the head's kind of answers has it.
  /// - Returns: nil when there is nothing to compare with.
  public static func judge(
    _ samples: [AuditSample], _ answers: [[Float]], _ head: Head, by measure: AnswerMeasure = .natural
  ) -> AccuracyAudit? {
    precondition(samples.count == answers.count)
    switch head.kind {
    case .classification, .multiLabel: return labels(samples, answers, head, measure)
    case .tokenClassification: return tokens(samples, answers, head)
    case .regression: return numbers(samples, answers, measure)
    case .embedding, .sparse: return embeddings(samples, answers, measure)
    case .tokenVectors: return vectors(samples, answers, width: Int(head.outputWidth))
    }
  }

  private static func labels(
    _ samples: [AuditSample], _ answers: [[Float]], _ head: Head, _ measure: AnswerMeasure
  ) -> AccuracyAudit? {
    // After the head's labels one that it does not know, and one for an answer of several labels or none.
    let unknown = max(Int(head.outputWidth), head.labels.count)
    func place(_ labels: [Int]) -> Int { labels.count == 1 ? labels[0] : unknown + 1 }
    var right = (planned: Confusion(labels: unknown + 2), dense: Confusion(labels: unknown + 2))
    var counts = (referenced: 0, agreeing: 0)
    var flips: [FlippedAnswer] = []
    for (sample, answer) in zip(samples, answers) {
      let planned = chosen(answer, head)
      let label = sample.label.map { min($0, unknown) }
      if let label { right.planned.add(right: label, answered: place(planned)) }
      guard let reference = sample.reference, reference.count == answer.count else { continue }
      let dense = chosen(reference, head)
      counts.referenced += 1
      if let label { right.dense.add(right: label, answered: place(dense)) }
      if dense == planned {
        counts.agreeing += 1
      } else if flips.count < AccuracyAudit.maximumFlips {
        flips.append(
          FlippedAnswer(
            index: sample.index, tokens: sample.ids.count, dense: names(dense, head),
            planned: names(planned, head), score: Double(answer[answer.leader]),
            expected: sample.label.map { name($0, head) }, text: sample.text))
      }
    }
    let agreement = share(counts.agreeing, counts.referenced)
    let flipCount = counts.referenced - counts.agreeing
    if let planned = measure.value(of: right.planned, labels: head.labels) {
      return AccuracyAudit(
        metric: measure.ofLabels, positive: measure.positiveLabel(among: head.labels),
        dense: measure.value(of: right.dense, labels: head.labels), planned: planned,
        interval: measure.interval(of: right.planned, labels: head.labels), agreement: agreement,
        count: right.planned.total, flips: flips, flipCount: flipCount)
    }
    guard let agreement else { return nil }
    return AccuracyAudit(
      metric: .agreement, dense: nil, planned: nil,
      interval: .proportion(counts.agreeing, of: counts.referenced), agreement: agreement,
      count: counts.referenced, flips: flips, flipCount: flipCount)
  }

  /// Labels of tokens against the dense model's.
  private static func tokens(_ samples: [AuditSample], _ answers: [[Float]], _ head: Head) -> AccuracyAudit? {
    let width = Int(head.outputWidth)
    var (agreeing, count) = (0, 0)
    for (sample, answer) in zip(samples, answers) {
      guard let reference = sample.reference, reference.count == answer.count else { continue }
      for start in stride(from: 0, to: answer.count, by: width) {
        let token = start..<start + width
        if answer[token].leader == reference[token].leader { agreeing += 1 }
        count += 1
      }
    }
    guard let agreement = share(agreeing, count) else { return nil }
    return AccuracyAudit(
      metric: .agreement, dense: nil, planned: nil, interval: .proportion(agreeing, of: count),
      agreement: agreement, count: count)
  }

  private static func numbers(
    _ samples: [AuditSample], _ answers: [[Float]], _ measure: AnswerMeasure
  ) -> AccuracyAudit? {
    var pairs = Pairs()
    var agreement: [(Double, Double)] = []
    for (sample, answer) in zip(samples, answers) {
      let reference = sample.reference.flatMap { $0.count == answer.count ? Double($0[0]) : nil }
      if let value = sample.value { pairs.add(Double(answer[0]), dense: reference, right: Double(value)) }
      if let reference { agreement.append((Double(answer[0]), reference)) }
    }
    let agreed = agreement.isEmpty ? nil : Correlation.pearson(agreement)
    if let audit = pairs.audit(isOfRanks: measure.name == .spearman, agreement: agreed) { return audit }
    guard let agreed else { return nil }
    return AccuracyAudit(
      metric: .agreement, dense: nil, planned: nil, interval: .correlation(agreed, count: agreement.count),
      agreement: agreed, count: agreement.count)
  }

  /// Numbers with the right ones.
  private struct Pairs {
    private var planned: [(Double, Double)] = []
    private var dense: [(Double, Double)] = []

    mutating func add(_ number: Double, dense reference: Double?, right: Double) {
      planned.append((number, right))
      if let reference { dense.append((reference, right)) }
    }

    /// Nil without a pair.
    func audit(isOfRanks: Bool, agreement: Double?) -> AccuracyAudit? {
      guard !planned.isEmpty else { return nil }
      let correlation = isOfRanks ? Correlation.spearman : Correlation.pearson
      let r = correlation(planned)
      return AccuracyAudit(
        metric: isOfRanks ? .spearman : .pearson, dense: dense.isEmpty ? nil : correlation(dense), planned: r,
        interval: isOfRanks
          ? .rankCorrelation(r, count: planned.count) : .correlation(r, count: planned.count),
        agreement: agreement, count: planned.count)
    }
  }

  /// Vectors against the dense model's; measured by Spearman's correlation, the cosine of every two that are of one
  /// row, whose first has the right number.
  private static func embeddings(
    _ samples: [AuditSample], _ answers: [[Float]], _ measure: AnswerMeasure
  ) -> AccuracyAudit? {
    var cosines: [Double] = []
    for (sample, answer) in zip(samples, answers) {
      guard let reference = sample.reference, reference.count == answer.count else { continue }
      cosines.append(cosine(answer, reference))
    }
    let agreement = cosines.isEmpty ? nil : cosines.reduce(0, +) / Double(cosines.count)
    if measure.name == .spearman {
      var pairs = Pairs()
      for (a, b) in zip(samples.indices, samples.indices.dropFirst()) {
        guard let value = samples[a].value, samples[a].index == samples[b].index else { continue }
        var dense: Double?
        if let (x, y) = samples[a].reference.flatMap({ x in samples[b].reference.map { (x, $0) } }),
          x.count == y.count
        {
          dense = cosine(x, y)
        }
        pairs.add(cosine(answers[a], answers[b]), dense: dense, right: Double(value))
      }
      if let audit = pairs.audit(isOfRanks: true, agreement: agreement) { return audit }
    }
    guard let agreement else { return nil }
    return AccuracyAudit(
      metric: .cosine, dense: nil, planned: nil, interval: .mean(of: cosines), agreement: agreement,
      count: cosines.count)
  }

  /// Every token's vector with the dense model's.
  private static func vectors(
    _ samples: [AuditSample], _ answers: [[Float]], width: Int
  ) -> AccuracyAudit? {
    let texts = zip(samples, answers).compactMap { sample, answer -> Double? in
      guard let reference = sample.reference, reference.count == answer.count else { return nil }
      let starts = stride(from: 0, to: answer.count, by: width)
      let cosines = starts.map { start in
        cosine(Array(answer[start..<start + width]), Array(reference[start..<start + width]))
      }
      return cosines.reduce(0, +) / Double(cosines.count)
    }
    guard !texts.isEmpty else { return nil }
    return AccuracyAudit(
      metric: .cosine, dense: nil, planned: nil, interval: .mean(of: texts),
      agreement: texts.reduce(0, +) / Double(texts.count), count: texts.count)
  }

  // MARK: Arithmetic

  /// The labels that an answer gives, ascending.
  private static func chosen(_ answer: [Float], _ head: Head) -> [Int] {
    head.kind == .multiLabel ? answer.indices.filter { answer[$0] >= 0.5 } : [answer.leader]
  }

  private static func names(_ labels: [Int], _ head: Head) -> String {
    labels.isEmpty ? "no label" : labels.map { name($0, head) }.joined(separator: ", ")
  }

  private static func name(_ label: Int, _ head: Head) -> String {
    head.labels.indices.contains(label) ? head.labels[label] : "\(label)"
  }

  private static func share(_ part: Int, _ whole: Int) -> Double? {
    whole > 0 ? Double(part) / Double(whole) : nil
  }

  /// 0 when one of the two is zero.
  private static func cosine(_ a: [Float], _ b: [Float]) -> Double {
    var products = (ab: 0.0, aa: 0.0, bb: 0.0)
    for (x, y) in zip(a, b) {
      products.ab += Double(x) * Double(y)
      products.aa += Double(x) * Double(x)
      products.bb += Double(y) * Double(y)
    }
    let scale = (products.aa * products.bb).squareRoot()
    return scale > 0 ? min(1, max(-1, products.ab / scale)) : 0
  }
}
