import TaperAuditor
import TaperPlanFormat
import TaperPlanRuntime
import Testing

@Suite struct AuditorTests {
  /// Texts of one word each; the third is labelled wrongly, the fourth has another dense answer.
  private let samples = [
    AuditSample(index: 10, ids: [0, 0, 0, 5], reference: [1, 0, 0], label: 0),
    AuditSample(index: 11, ids: [1, 1, 17], reference: [0, 1, 0], label: 1),
    AuditSample(index: 12, ids: [2, 18], reference: [0, 0, 1], label: 0),
    AuditSample(index: 13, ids: [1, 1], reference: [0.6, 0.4, 0], label: 1, text: "one one"),
  ]

  @Test func reportsEveryPart() throws {
    let report = try Auditor.audit(
      TinyPlan().load(),
      AuditRequest(
        samples: samples, lengths: [16, 8, 16], runs: 12, tracedRuns: 5, threads: 1,
        environment: [EnvironmentFact("CPU", "test")]))
    #expect(report.lengths.map(\.tokens) == [8, 16])
    for length in report.lengths {
      #expect(length.predicted == Nanoseconds(1_000))
      #expect(length.predictedDense == Nanoseconds(2_000))
      #expect(length.measured.runs == 12)
      #expect(length.measured.p50 <= length.measured.p90 && length.measured.p90 <= length.measured.p99)
      #expect(length.keepCounts == [length.tokens, length.tokens])
    }
    #expect(report.referenceLength == 8)
    #expect(report.ops.map(\.index) == [0, 1, 2, 3])
    #expect(report.ops.map(\.rows) == [8, 1, 1, 1])
    #expect(report.ops.map(\.label) == ["embed 8×16", "mean 1 of 8", "gemm 1×3×16", "softmax 1×3"])
    #expect(report.ops[2].kernel == .gemmF32Scalar)
    #expect(report.layers.map(\.layer) == [0, 2])
    #expect(report.layers[1].predicted == Nanoseconds(3_000))
    #expect(
      report.layers[1].measured == report.ops[1...].reduce(.zero) { $0 + $1.measured })
    #expect(report.environment.first == EnvironmentFact("CPU", "test"))
    #expect(report.threads == 1)
    #expect(report.noise.probes == 1 + 2 * 10)

    let accuracy = try #require(report.accuracy)
    #expect(accuracy.metric == .accuracy)
    #expect(accuracy.count == 4)
    #expect(accuracy.planned == 0.75)
    #expect(accuracy.dense == 0.5)
    #expect(accuracy.agreement == 0.75)
    #expect(accuracy.interval == .proportion(3, of: 4))
    let flip = try #require(accuracy.flips.first)
    #expect(accuracy.flipCount == 1)
    #expect((flip.index, flip.dense, flip.planned, flip.expected) == (13, "even", "odd", "odd"))
    #expect(flip.text == "one one")
    #expect(flip.score.map { $0 > 0.5 } == true)
  }

  @Test func progressNeverGoesBackAndEndsAtOne() throws {
    var shares: [Double] = []
    _ = try Auditor.audit(
      TinyPlan().load(), AuditRequest(samples: samples, lengths: [4], runs: 20, tracedRuns: 3, threads: 1)
    ) { shares.append($0) }
    #expect(zip(shares, shares.dropFirst()).allSatisfy { $0 <= $1 })
    #expect(shares.last == 1)
  }

  @Test func predictionsFarOffAreOutsideUnlessTheMachineIsNoisy() throws {
    // A plan that promises an hour; the bound is set so that the probe can or cannot pass.
    let plan = TinyPlan(predicted: Nanoseconds(3_600_000_000_000))
    func verdict(_ bound: Double) throws -> AuditVerdict {
      try Auditor.audit(
        plan.load(),
        AuditRequest(samples: samples, lengths: [4], runs: 4, tracedRuns: 1, noiseBound: bound, threads: 1)
      ).verdict
    }
    #expect(try verdict(.infinity) == .outside)
    #expect(try verdict(.leastNonzeroMagnitude) == .noisy)
  }

  @Test func unlabelledTextsHaveNoAccuracy() throws {
    let report = try Auditor.audit(
      TinyPlan().load(),
      AuditRequest(samples: [AuditSample(index: 0, ids: [1])], lengths: [1], runs: 1, tracedRuns: 1))
    #expect(report.accuracy == nil)
  }

  @Test func refusals() throws {
    let loaded = try TinyPlan().load()
    func audit(_ change: (inout AuditRequest) -> Void) throws {
      var request = AuditRequest(samples: samples, lengths: [4], runs: 1, tracedRuns: 1)
      change(&request)
      _ = try Auditor.audit(loaded, request)
    }
    #expect(throws: AuditError.noSamples) { try audit { $0.samples = [] } }
    #expect(throws: AuditError.noLengths) { try audit { $0.lengths = [] } }
    #expect(throws: AuditError.lengthOutOfRange(tokens: 25, maximum: 24)) {
      try audit { $0.lengths = [4, 25] }
    }
    #expect(throws: AuditError.badNumber(what: "runs", expected: "at least 1", found: "0")) {
      try audit { $0.runs = 0 }
    }
    #expect(throws: AuditError.badNumber(what: "the tolerance", expected: "above 0", found: "0.0")) {
      try audit { $0.tolerance = 0 }
    }
    #expect(throws: AuditError.runtime(.threadsOutOfRange(asked: 3, maximum: 2))) {
      try audit { $0.threads = 3 }
    }
    #expect(
      throws: AuditError.sample(index: 7, .tokenOutOfRange(position: 1, id: 99, vocabulary: 32))
    ) {
      try audit { $0.samples = [samples[0], AuditSample(index: 7, ids: [1, 99], label: 0)] }
    }
    var plan = TinyPlan()
    plan.plan.predictions = Predictions()
    #expect(throws: AuditError.noPredictions) {
      try Auditor.audit(plan.load(), AuditRequest(samples: samples, lengths: [4]))
    }
  }
}
