import TaperAuditor
import TaperJSON
import TaperPlanFormat
import TestSupport
import Testing

/// Metrics of labels and of numbers against scikit-learn and scipy (tools/reference/make-metric-fixtures.py).
@Suite struct MetricTests {
  private func fixture(_ group: String) throws -> [JSONValue] {
    let file = try JSONValue.parse(TestFile.bytes(TestFile.fixture("metrics.json")))
    return try #require(file[group]?.array)
  }

  private func numbers(_ value: JSONValue?) throws -> [Double] {
    try #require(value?.array).map { try #require($0.double) }
  }

  private func isNear(_ found: ConfidenceInterval, _ expected: [Double]) -> Bool {
    abs(found.low - expected[0]) < 0.02 && abs(found.high - expected[1]) < 0.02
  }

  @Test func labelsAreMeasuredAsScikitLearnDoes() throws {
    for row in try fixture("labels") {
      let name = row["name"]?.string ?? ""
      let classes = try #require(row["classes"]?.int)
      // A label that no text has changes nothing.
      var confusion = Confusion(labels: classes + 1)
      for (right, answered) in zip(try numbers(row["right"]), try numbers(row["answered"])) {
        confusion.add(right: Int(right), answered: Int(answered))
      }
      let matthews = try #require(row["matthews"]?.double)
      #expect(abs(confusion.matthews - matthews) < 1e-12, "\(name)")
      for (label, f1) in try numbers(row["f1"]).enumerated() {
        #expect(abs(confusion.f1(of: label) - f1) < 1e-12, "\(name), \(label)")
      }
      let labels = (0..<classes).map { "label \($0)" }
      // Other draws than scipy's, so near and not equal.
      for (measure, key) in [
        (AnswerMeasure(.matthews), "matthews_interval"), (AnswerMeasure(.f1), "f1_interval"),
      ] {
        let interval = measure.interval(of: confusion, labels: labels)
        // Of answers that are all right, draws tell nothing, and scipy's interval is a point.
        if confusion.right < confusion.total {
          #expect(isNear(interval, try numbers(row[key])), "\(name), \(key): \(interval)")
        }
        #expect(interval == measure.interval(of: confusion, labels: labels), "the same draws again")
        let value = try #require(measure.value(of: confusion, labels: labels))
        #expect(interval.low <= value && value <= interval.high, "\(name), \(key)")
      }
    }
    #expect(AnswerMeasure(.f1).value(of: Confusion(labels: 2), labels: []) == nil, "no texts")
    var perfect = Confusion(labels: 2)
    for text in 0..<12 { perfect.add(right: text % 2, answered: text % 2) }
    let interval = ConfidenceInterval.resampled(perfect) { $0.matthews }
    #expect(interval.high == 1 && abs(interval.low - 0.7575) < 1e-3, "twelve right texts prove no certainty")
  }

  @Test func numbersAreRankedAsScipyDoes() throws {
    for row in try fixture("numbers") {
      let pairs = Array(zip(try numbers(row["answered"]), try numbers(row["right"])))
      let expected = try #require(row["spearman"]?.double)
      #expect(abs(Correlation.spearman(pairs) - expected) < 1e-12, "\(row["name"]?.string ?? "")")
    }
    #expect(Correlation.spearman([(1, 1), (1, 2), (1, 3)]) == 0, "one side does not vary")
    // r = 0.5 of 28: Fisher's half-width 1.96 / 5 times √1.125.
    let r = ConfidenceInterval.rankCorrelation(0.5, count: 28)
    #expect(abs(r.low - 0.1327) < 1e-4 && abs(r.high - 0.7465) < 1e-4, "\(r)")
  }

  private func head(_ kind: HeadKind, _ labels: [String], width: Int) -> Head {
    Head(kind: kind, pooling: .mean, normalized: false, labels: labels, outputWidth: width)
  }

  @Test func answersAreJudgedByWhatIsAskedFor() throws {
    let head = head(.classification, ["no", "yes"], width: 2)
    let (no, yes): ([Float], [Float]) = ([0.9, 0.1], [0.2, 0.8])
    let samples = zip([1, 1, 0, 0], [yes, yes, no, yes]).enumerated().map { index, row in
      AuditSample(index: index, ids: [1], reference: row.1, label: row.0)
    }
    let answers = [yes, no, no, no]
    func judged(_ measure: AnswerMeasure) throws -> AccuracyAudit {
      try #require(AnswerJudge.judge(samples, answers, head, by: measure))
    }
    let plain = try judged(.natural)
    #expect(
      plain.metric == .accuracy && plain.planned == 0.75 && plain.dense == 0.75 && plain.positive == nil)
    let f1 = try judged(AnswerMeasure(.f1))
    #expect(f1.metric == .f1 && f1.positive == "yes" && f1.count == 4 && f1.flipCount == 2)
    #expect(f1.planned == 2.0 / 3 && f1.dense == 0.8, "one of two found; two, and one too many")
    #expect(f1.agreement == 0.5)
    let other = try judged(AnswerMeasure(.f1, positive: "no"))
    #expect(other.positive == "no" && other.planned == 0.8 && other.dense == 2.0 / 3)
    let matthews = try judged(AnswerMeasure(.matthews))
    #expect(matthews.metric == .matthews)
    #expect(abs((matthews.planned ?? 0) - 1 / 3.0.squareRoot()) < 1e-12)
  }

  @Test func numbersAndPairsOfEmbeddingsAreRanked() throws {
    let rated = [1, 2, 3, 4].map { (value: Float) in
      AuditSample(index: Int(value), ids: [1], reference: [value * value], value: value)
    }
    let found = try #require(
      AnswerJudge.judge(
        rated, [[1], [20], [400], [30]], head(.regression, [], width: 1), by: AnswerMeasure(.spearman)))
    #expect(found.metric == .spearman && found.count == 4)
    #expect(abs((found.planned ?? 0) - 0.8) < 1e-12 && abs((found.dense ?? 0) - 1) < 1e-12)

    // Cosines 1, 0 and −1 of the plan's vectors, 0, 1 and −1 of the dense model's.
    let (x, y, z): ([Float], [Float], [Float]) = ([1, 0], [0, 1], [-1, 0])
    let references = [x, y, x, x, x, z]
    let samples = references.enumerated().map { place, reference in
      AuditSample(
        index: place / 2, ids: [1], reference: reference, value: place % 2 == 0 ? Float(5 - place) : nil)
    }
    let pairs = try #require(
      AnswerJudge.judge(
        samples, [x, x, x, y, x, z], head(.embedding, [], width: 2), by: AnswerMeasure(.spearman)))
    #expect(pairs.metric == .spearman && pairs.count == 3)
    #expect(abs((pairs.planned ?? 0) - 1) < 1e-12 && abs((pairs.dense ?? 0) - 0.5) < 1e-12)
    #expect(abs((pairs.agreement ?? 0) - 4.0 / 6) < 1e-12, "of each vector with the dense model's")
  }
}
