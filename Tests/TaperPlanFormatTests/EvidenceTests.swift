import TaperPlanFormat
import Testing

/// What answers are worth, in the plan: format 1.3.
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
    _ = weights
  }

  @Test func sayingItInALine() {
    #expect(
      EvidenceText.line(Self.evidence, head: .classification)
        == "accuracy 95.75% (95%: 93.27% to 97.34%) on 400 held-out texts, dense 96.25%")
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
