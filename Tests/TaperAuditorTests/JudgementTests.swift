import TaperAuditor
import TaperPlanFormat
import Testing

@Suite struct JudgementTests {
  @Test func verdicts() {
    func verdict(_ residuals: [Double?], noisy: Bool = false) -> AuditVerdict {
      AuditVerdict(residuals: residuals, tolerance: 0.05, isNoisy: noisy)
    }
    #expect(verdict([0.05, -0.05, 0]) == .within)
    #expect(verdict([0.01, 0.051]) == .outside)
    #expect(verdict([-0.06]) == .outside)
    #expect(verdict([0.01, nil]) == .outside)
    #expect(verdict([.infinity]) == .outside)
    #expect(verdict([0.01], noisy: true) == .noisy)
    #expect(verdict([0.5], noisy: true) == .noisy)
  }

  @Test func percentilesAreNearestRanks() {
    let times = TimePercentiles((1...200).reversed().map { Nanoseconds(UInt64($0)) })
    #expect(times.p50 == Nanoseconds(100))
    #expect(times.p90 == Nanoseconds(180))
    #expect(times.p99 == Nanoseconds(198))
    let one = TimePercentiles([Nanoseconds(7)])
    #expect(one.p50 == Nanoseconds(7) && one.p99 == Nanoseconds(7))
  }

  /// Ranks as in tables of the binomial: 95% for the median of 10 between samples 2 and 9, of 100 between 40 and 61.
  @Test func percentilesHaveIntervalsByRank() {
    func times(_ count: Int) -> TimePercentiles {
      TimePercentiles((1...count).map { Nanoseconds(UInt64($0)) })
    }
    #expect(times(10)[.p50].low == Nanoseconds(2) && times(10)[.p50].high == Nanoseconds(9))
    #expect(times(100)[.p50].low == Nanoseconds(40) && times(100)[.p50].high == Nanoseconds(61))
    // 0.99¹⁰⁰ = 0.37: the largest of a hundred bounds no p99; 0.99⁴⁰⁰ = 0.018 does.
    #expect(times(100)[.p99].high == nil && times(400)[.p99].high == Nanoseconds(400))
    #expect(times(100)[.p99].low == Nanoseconds(97))
    #expect(times(1)[.p50].low == nil && times(1)[.p50].high == nil)
    #expect(times(1000)[.p999].time == Nanoseconds(999))
  }

  @Test func noiseFigureByHand() {
    func probes(_ times: [UInt64], bandwidth: UInt64? = nil) -> [ReferenceTimes] {
      times.map { ReferenceTimes(compute: Nanoseconds($0), bandwidth: Nanoseconds(bandwidth ?? $0)) }
    }
    let steady = ReferenceNoise(probes: probes((0..<30).map { 1_000 + $0 % 3 }), bound: 0.1)
    #expect(!steady.isNoisy)
    #expect(steady.drift == 0)
    // 1…10: p10 = 1, p50 = 5, p90 = 9; first third 1, 2, 3, last third 8, 9, 10.
    let rising = ReferenceNoise(probes: probes(Array(1...10), bandwidth: 7), bound: 1.5)
    #expect(rising.spread == 8.0 / 5)
    #expect(rising.isNoisy)
    #expect(rising.drift == 9.0 / 2 - 1)
    // Arithmetic varied, memory did not.
    #expect(rising.bandwidth.spread == 0 && rising.bandwidth.drift == 0 && rising.p50 == Nanoseconds(12))
    #expect(ReferenceNoise(probes: probes([5]), bound: 0.1).spread == 0)
  }

  @Test func lengthsKnowResidualAndInterval() {
    func audit(_ measured: UInt64, predicted: UInt64 = 100) -> LengthAudit {
      LengthAudit(
        tokens: 8,
        prediction: Prediction(
          time: Nanoseconds(predicted), low: Nanoseconds(90), high: Nanoseconds(110), work: Flops(1),
          traffic: Bytes(1), bound: .compute, provenance: .measured),
        predictedDense: Nanoseconds(200), measured: TimePercentiles([Nanoseconds(measured)]), keepCounts: [8])
    }
    #expect(abs((audit(105).residual ?? 0) - 0.05) < 1e-12)
    #expect(audit(110).intervalHit && audit(90).intervalHit)
    #expect(!audit(111).intervalHit && !audit(89).intervalHit)
    #expect(audit(5, predicted: 0).residual == nil)
  }

  @Test func intervals() {
    // Newcombe (1998), table I: 81 of 263 and 15 of 148 by the score method.
    let share = ConfidenceInterval.proportion(81, of: 263)
    #expect(abs(share.low - 0.2553) < 5e-5 && abs(share.high - 0.3662) < 5e-5)
    let small = ConfidenceInterval.proportion(15, of: 148)
    #expect(abs(small.low - 0.0624) < 5e-5 && abs(small.high - 0.1605) < 5e-5)
    #expect(ConfidenceInterval.proportion(0, of: 20).low == 0)
    #expect(ConfidenceInterval.proportion(20, of: 20).high == 1)
    let none = ConfidenceInterval.proportion(0, of: 0)
    #expect(none.low == 0 && none.high == 1)
    // r = 0.5 of 28: z = 0.5493 ± 1.96/5, back through tanh.
    let r = ConfidenceInterval.correlation(0.5, count: 28)
    #expect(abs(r.low - 0.1561) < 5e-4 && abs(r.high - 0.7358) < 5e-4)
    let mean = ConfidenceInterval.mean(of: [1, 2, 3])
    #expect(abs(mean.high - 2 - 1.959963984540054 / 3.0.squareRoot()) < 1e-12)
  }

  private func head(_ kind: HeadKind, width: Int) -> Head {
    Head(kind: kind, pooling: .mean, normalized: false, labels: [], outputWidth: width)
  }

  @Test func numbersAreJudgedByCorrelation() throws {
    let samples = [1, 2, 3, 4].map { (value: Float) in
      AuditSample(index: Int(value), ids: [1], reference: [value * 2], value: value)
    }
    let accuracy = try #require(
      AnswerJudge.judge(samples, [[1], [2], [4], [3]], head(.regression, width: 1)))
    #expect(accuracy.metric == .pearson)
    #expect(abs((accuracy.planned ?? 0) - 0.8) < 1e-12)
    #expect(abs((accuracy.dense ?? 0) - 1) < 1e-12)
    #expect(abs((accuracy.agreement ?? 0) - 0.8) < 1e-12)
  }

  @Test func embeddingsAreJudgedByCosine() throws {
    let samples = [
      AuditSample(index: 0, ids: [1], reference: [3, 4]), AuditSample(index: 1, ids: [1], reference: [0, 2]),
      AuditSample(index: 2, ids: [1], reference: [1, 2, 3]),
    ]
    let accuracy = try #require(
      AnswerJudge.judge(samples, [[6, 8], [1, 0], [1, 1]], head(.embedding, width: 2)))
    #expect(accuracy.metric == .cosine)
    #expect(accuracy.count == 2)
    #expect(accuracy.agreement == 0.5)
    #expect(accuracy.planned == nil && accuracy.dense == nil)
  }

  @Test func referencesWithoutLabelsGiveAgreementOnly() throws {
    let samples = (0..<30).map { AuditSample(index: $0, ids: [1], reference: [1, 0]) }
    let answers = (0..<30).map { $0 < 5 ? [1, 0] as [Float] : [0, 1] }
    let accuracy = try #require(AnswerJudge.judge(samples, answers, head(.classification, width: 2)))
    #expect(accuracy.metric == .agreement)
    #expect(accuracy.agreement == 5.0 / 30)
    #expect(accuracy.planned == nil)
    #expect(accuracy.flipCount == 25)
    #expect(accuracy.flips.count == AccuracyAudit.maximumFlips)
    #expect(accuracy.flips.first?.planned == "1")
  }

  @Test func timingInputsKeepTheEnds() {
    #expect(TimingInputs.fit([1, 2, 3, 9], 4) == [1, 2, 3, 9])
    #expect(TimingInputs.fit([1, 2, 3, 9], 7) == [1, 2, 3, 2, 3, 2, 9])
    #expect(TimingInputs.fit([1, 2, 3, 4, 9], 3) == [1, 2, 9])
    #expect(TimingInputs.fit([1, 2, 9], 1) == [1])
    #expect(TimingInputs.fit([1, 9], 5) == [1, 9, 9, 9, 9])
    let samples = (0..<100).map { AuditSample(index: $0, ids: [UInt32($0), 7]) }
    let inputs = TimingInputs(samples, length: 2).inputs
    #expect(inputs.count == TimingInputs.maximumVariants)
    #expect(Set(inputs.map { $0.ids[0] }).count == inputs.count)
  }
}
