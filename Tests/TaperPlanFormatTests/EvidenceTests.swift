import TaperPlanFormat
import Testing

/// What answers are worth, in the plan: format 1.3, or 1.7 by the metrics that came later.
@Suite struct EvidenceTests {
  private static let evidence = AccuracyEvidence(
    metric: .accuracy, source: .heldOut, texts: 400, planned: 0.9575, dense: 0.9625,
    interval: .init(low: 0.9327, high: 0.9734))

  private static let all = [
    evidence, AccuracyEvidence(metric: .agreement, source: .calibration, texts: 1, planned: -0.25),
    AccuracyEvidence(metric: .determination, source: .heldOut, texts: 7, planned: -3, dense: 0.5),
  ]

  @Test(arguments: all) func isWrittenAndRead(evidence: AccuracyEvidence) throws {
    var (plan, weights) = ToyPlan.make()
    let before = try encode(plan, weights)
    plan.evidence = evidence
    #expect(plan.formatVersion == .evidenced)
    let bytes = try encode(plan, weights)
    #expect(bytes[16...19] == [1, 0, 3, 0] && bytes[20...23] == [1, 0, 3, 0])
    #expect(try PlanReader.read(bytes).plan == plan)
    let text = PlanText.render(plan)
    // Without it, the bytes of before, in the format of before.
    plan.evidence = nil
    #expect(try encode(plan, weights) == before && before[18] < 3)
    #expect(PlanText.render(plan) != text)
  }

  /// A reader of 1.6 knows no such metric.
  @Test(arguments: [
    AccuracyEvidence(
      metric: .matthews, source: .heldOut, texts: 7, planned: -0.2, dense: 0.5,
      interval: .init(low: -1, high: 0)),
    AccuracyEvidence(metric: .f1, positive: "b", source: .calibration, texts: 7, planned: 0.5),
    AccuracyEvidence(metric: .spearman, source: .heldOut, texts: 7, planned: 1, dense: 0.5),
  ])
  func newMetricsNeedANewReader(evidence: AccuracyEvidence) throws {
    var (plan, weights) = ToyPlan.make()
    plan.head.labels = (0..<plan.head.labels.count).map { $0 == 1 ? "b" : "label \($0)" }
    plan.evidence = evidence
    let bytes = try encode(plan, weights)
    #expect(bytes[16...19] == [1, 0, 7, 0] && bytes[20...23] == [1, 0, 7, 0])
    #expect(try PlanReader.read(bytes).plan == plan)
  }

  @Test func everyByteIsChecked() throws {
    var (plan, weights) = ToyPlan.make()
    plan.evidence = Self.evidence
    func rule(_ change: (inout AccuracyEvidence) -> Void) -> PlanRule? {
      var broken = plan
      var evidence = Self.evidence
      change(&evidence)
      broken.evidence = evidence
      guard case .violated(let violation)? = failure({ try PlanValidator.validate(broken) }) else {
        return nil
      }
      return violation.rule
    }
    #expect(rule { _ in } == nil)
    #expect(rule { $0.texts = 0 } == .accuracyEvidence)
    #expect(rule { $0.planned = 0.5 } == .accuracyEvidence, "outside its interval")
    #expect(rule { $0.dense = 1.5 } == .accuracyEvidence)
    #expect(rule { $0.dense = -0.5 } == .accuracyEvidence)
    #expect(rule { $0.interval = .init(low: 0.9, high: 7) } == .accuracyEvidence)
    #expect(rule { $0.positive = "x" } == .accuracyEvidence, "accuracy is of all labels")
    #expect(rule { $0.metric = .f1 } == .accuracyEvidence, "F1 is of one")
    #expect(
      rule {
        $0.metric = .f1
        $0.positive = "nobody's"
      } == .accuracyEvidence)
    #expect(rule { $0.metric = .matthews } == nil)
    #expect(rule { ($0.metric, $0.dense) = (.spearman, -1.5) } == .accuracyEvidence)
    _ = weights
  }

  @Test func sayingItInALine() {
    #expect(
      EvidenceText.line(Self.evidence, head: .classification)
        == "accuracy 95.75% (95%: 93.27% to 97.34%) on 400 held-out texts, dense 96.25%")
    var other = Self.evidence
    (other.metric, other.positive) = (.f1, "spam")
    #expect(
      EvidenceText.line(other, head: .classification)
        == "F1 of spam 95.75% (95%: 93.27% to 97.34%) on 400 held-out texts, dense 96.25%")
    (other.metric, other.positive) = (.matthews, nil)
    #expect(
      EvidenceText.line(other, head: .classification)
        == "Matthews correlation 0.957 (95%: 0.933 to 0.973) on 400 held-out texts, dense 0.962")
    let agreement = AccuracyEvidence(
      metric: .agreement, source: .calibration, texts: 50, planned: 0.875, dense: 1)
    #expect(
      EvidenceText.line(agreement, head: .classification)
        == "agreement with the dense model 87.50% on 50 calibration texts")
    #expect(
      EvidenceText.line(agreement, head: .embedding)
        == "mean cosine with the dense model 0.8750 on 50 calibration texts")
  }
}
