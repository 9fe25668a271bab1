public import TaperPlanFormat

/// Compares a plan's answers with the right ones and with the dense model's; pure.
///
/// The answer of a multi-label head is what `taper run` prints as its labels: all of at least 0.5. It agrees when it is
/// the same set, and is right when it is the right label alone.
///
/// References of another width than the answers (an embedding against a classifier's scores) cannot be
/// compared and count as not given.
public enum AnswerJudge {
  /// - Parameter answers: one a sample, `head.outputWidth` wide.
  /// - Returns: nil when there is nothing to compare with.
  public static func judge(_ samples: [AuditSample], _ answers: [[Float]], _ head: Head) -> AccuracyAudit? {
    precondition(samples.count == answers.count)
    switch head.kind {
    case .classification, .multiLabel: return labels(samples, answers, head)
    case .tokenClassification: return tokens(samples, answers, head)
    case .regression: return numbers(samples, answers)
    case .embedding, .sparse: return embeddings(samples, answers)
    case .tokenVectors: return vectors(samples, answers, width: Int(head.outputWidth))
    }
  }

  private static func labels(_ samples: [AuditSample], _ answers: [[Float]], _ head: Head) -> AccuracyAudit? {
    var counts = (labelled: 0, plannedRight: 0, referenced: 0, agreeing: 0, both: 0, denseRight: 0)
    var flips: [FlippedAnswer] = []
    for (sample, answer) in zip(samples, answers) {
      let planned = chosen(answer, head)
      if let label = sample.label {
        counts.labelled += 1
        if planned == [label] { counts.plannedRight += 1 }
      }
      guard let reference = sample.reference, reference.count == answer.count else { continue }
      let dense = chosen(reference, head)
      counts.referenced += 1
      if let label = sample.label {
        counts.both += 1
        if dense == [label] { counts.denseRight += 1 }
      }
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
    if counts.labelled > 0 {
      return AccuracyAudit(
        metric: .accuracy, dense: share(counts.denseRight, counts.both),
        planned: share(counts.plannedRight, counts.labelled),
        interval: .proportion(counts.plannedRight, of: counts.labelled), agreement: agreement,
        count: counts.labelled, flips: flips, flipCount: flipCount)
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

  private static func numbers(_ samples: [AuditSample], _ answers: [[Float]]) -> AccuracyAudit? {
    var planned: [(Double, Double)] = []
    var dense: [(Double, Double)] = []
    var agreement: [(Double, Double)] = []
    for (sample, answer) in zip(samples, answers) {
      let reference = sample.reference.flatMap { $0.count == answer.count ? Double($0[0]) : nil }
      if let value = sample.value.map(Double.init) {
        planned.append((Double(answer[0]), value))
        if let reference { dense.append((reference, value)) }
      }
      if let reference { agreement.append((Double(answer[0]), reference)) }
    }
    let agreed = agreement.isEmpty ? nil : correlation(agreement)
    if !planned.isEmpty {
      let r = correlation(planned)
      return AccuracyAudit(
        metric: .pearson, dense: dense.isEmpty ? nil : correlation(dense), planned: r,
        interval: .correlation(r, count: planned.count), agreement: agreed, count: planned.count)
    }
    guard let agreed else { return nil }
    return AccuracyAudit(
      metric: .agreement, dense: nil, planned: nil, interval: .correlation(agreed, count: agreement.count),
      agreement: agreed, count: agreement.count)
  }

  private static func embeddings(_ samples: [AuditSample], _ answers: [[Float]]) -> AccuracyAudit? {
    var cosines: [Double] = []
    for (sample, answer) in zip(samples, answers) {
      guard let reference = sample.reference, reference.count == answer.count else { continue }
      cosines.append(cosine(answer, reference))
    }
    guard !cosines.isEmpty else { return nil }
    return AccuracyAudit(
      metric: .cosine, dense: nil, planned: nil, interval: .mean(of: cosines),
      agreement: cosines.reduce(0, +) / Double(cosines.count), count: cosines.count)
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

  /// Pearson's; 0 when one side does not vary.
  private static func correlation(_ pairs: [(Double, Double)]) -> Double {
    let count = Double(pairs.count)
    let a = pairs.reduce(0) { $0 + $1.0 } / count
    let b = pairs.reduce(0) { $0 + $1.1 } / count
    var products = (ab: 0.0, aa: 0.0, bb: 0.0)
    for (x, y) in pairs {
      products.ab += (x - a) * (y - b)
      products.aa += (x - a) * (x - a)
      products.bb += (y - b) * (y - b)
    }
    let scale = (products.aa * products.bb).squareRoot()
    return scale > 0 ? min(1, max(-1, products.ab / scale)) : 0
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
