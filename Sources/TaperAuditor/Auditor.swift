import TaperPlanFormat
public import TaperPlanRuntime

/// Runs a plan and compares with what the plan itself predicts.
///
/// The prediction under audit is the one stored in the plan; nothing is predicted anew, so a cost model that
/// has changed since cannot hide a drift. Whole runs are timed without tracing, lengths interleaved in rounds
/// so that a slow phase of the machine affects all of them alike; a probe between the chunks measures the
/// machine (`ReferenceNoise`). Ops are timed in separate traced runs. Answers come from a last pass over all
/// samples.
public enum Auditor {
  /// Rounds over all lengths that a length's runs are divided into.
  static let rounds = 10

  /// Audits a plan.
  ///
  /// - Parameter progress: called with the share of runs done, 0 to 1, never going back.
  /// - Throws: a request that does not fit the plan, or a sample that the plan cannot run.
  public static func audit(
    _ loaded: LoadedPlan, _ request: AuditRequest, progress: (Double) -> Void = { _ in }
  ) throws(AuditError) -> AuditReport {
    let plan = loaded.plan
    try check(request, plan)
    let lengths = Array(Set(request.lengths)).sorted()
    let answers = request.samples.contains { $0.reference != nil || $0.label != nil || $0.value != nil }
    let reference = referenceLength(plan, lengths)
    let total =
      lengths.count * request.runs + (reference == nil ? 0 : request.tracedRuns)
      + (answers ? request.samples.count : 0) + (plan.halting == nil ? 0 : 2 * request.samples.count)
    var done = 0
    func advance(_ runs: Int) {
      done += runs
      progress(Double(done) / Double(total))
    }

    var session = try open(loaded, request.threads, tracing: false)
    let threads = session.threads
    let tier = session.tier
    var probe = try MachineProbe(session)
    let timed = try time(&session, request, lengths, &probe, advance)
    var traces: Traces?
    if let reference { traces = try trace(loaded, request, reference, &probe, advance) }
    let halting = plan.halting == nil ? nil : try halting(&session, request.samples, advance)
    session.halts = true
    let accuracy = answers ? try judge(&session, request, plan.head, advance) : nil

    let audits = zip(lengths, timed).map { tokens, times in
      let prediction = plan.predictions.lengths[tokens - 1]
      var planned = prediction.planned
      // Where the work depends on the input, a median is compared with the expected time; the interval ends at the
      // worst case.
      if let expected = plan.expectations?.lengths[tokens - 1].p50 {
        let share = Double(expected.rawValue) / Double(max(1, planned.time.rawValue))
        planned.low = Nanoseconds(UInt64(Double(planned.low.rawValue) * min(1, share)))
        planned.time = expected
      }
      return LengthAudit(
        tokens: tokens, prediction: planned, predictedDense: prediction.denseTime,
        measured: TimePercentiles(times),
        keepCounts: plan.schedule.retentionConfiguration(length: tokens).map(Int.init))
    }
    var (ops, layers): ([OpAudit], [LayerAudit]) = ([], [])
    if let reference, let traces {
      ops = opAudits(plan, length: reference, traces)
      layers = layerAudits(plan, traces, ops)
    }
    return AuditReport(
      tolerance: request.tolerance, plan: PlanSummary(plan), threads: threads, lengths: audits,
      deadlines: request.deadlines.compactMap { asked in
        audits.first { $0.tokens == asked.tokens }.map {
          DeadlineAudit(asked: asked, measured: $0.measured[asked.percentile].time)
        }
      },
      referenceLength: reference, ops: ops,
      layers: layers, halting: halting,
      accuracy: accuracy,
      noise: ReferenceNoise(probes: probe.times, bound: request.noiseBound), roof: request.roof,
      environment: request.environment + [EnvironmentFact("kernel tier", tier.name)])
  }

  private static func check(_ request: AuditRequest, _ plan: Plan) throws(AuditError) {
    guard !request.samples.isEmpty, request.samples.allSatisfy({ !$0.ids.isEmpty }) else { throw .noSamples }
    guard !request.lengths.isEmpty else { throw .noLengths }
    let maximum = plan.schedule.maximumLength
    for tokens in request.lengths where !(1...maximum).contains(tokens) {
      throw .lengthOutOfRange(tokens: tokens, maximum: maximum)
    }
    guard plan.predictions.lengths.count == maximum else { throw .noPredictions }
    guard request.runs > 0, request.tracedRuns > 0 else {
      throw .badNumber(
        what: "runs", expected: "at least 1", found: "\(min(request.runs, request.tracedRuns))")
    }
    guard request.tolerance > 0, request.tolerance.isFinite else {
      throw .badNumber(what: "the tolerance", expected: "above 0", found: "\(request.tolerance)")
    }
    guard request.noiseBound > 0 else {
      throw .badNumber(what: "the noise bound", expected: "above 0", found: "\(request.noiseBound)")
    }
  }

  /// A session in which no halting point ends a run: what `Predictions` promises is that worst case.
  static func open(_ loaded: LoadedPlan, _ threads: Int?, tracing: Bool) throws(AuditError) -> Session {
    do throws(RuntimeError) {
      var session = try Session(loaded, threads: threads, tracing: tracing)
      session.halts = false
      session.warmUp()
      return session
    } catch {
      throw .runtime(error)
    }
  }

  /// The longest length with op predictions that is no longer than the longest timed; else the shortest with
  /// any.
  static func referenceLength(_ plan: Plan, _ lengths: [Int]) -> Int? {
    let references = plan.predictions.referenceLengths.map(Int.init)
    guard plan.predictions.ops.count == references.count * plan.ops.count, let first = references.first else {
      return nil
    }
    return references.last { $0 <= lengths[lengths.count - 1] } ?? first
  }
}
