public import TaperAuditor
public import TaperPlanFormat
public import TaperPlanRuntime
internal import TaperPlanner

/// Times several plans on the same texts at batch 1, every text at its own length, with halting points and selectors
/// acting. `PlanRace` instead times the worst case at one length.
///
/// The plans take turns, one pass over all texts each, so that a slow phase of a shared machine affects all of them
/// alike. Between chunks of texts the reference kernels are timed.
public enum TextRace {
  /// Texts between two looks at the machine.
  public static let chunk = 100

  /// What one plan did; an entry a text.
  public struct Runner: Hashable, Sendable {
    /// The median over the rounds (the lower of the middle two).
    public var times: [Nanoseconds]
    /// The plan's own prediction: for the layers a text ran, of a plan that halts; the calibration's expectation, where
    /// selectors decide; else for the length.
    public var predicted: [Nanoseconds]
    /// Layers run.
    public var depths: [Int]
    /// Of the layers run, by the published form (specs/planning.md, section 1).
    public var work: [Flops]
    /// The reference kernels before each chunk of texts and after the last, round after round.
    public var probes: [ReferenceTimes]
  }

  public struct Result: Hashable, Sendable {
    /// One a plan, in order.
    public var runners: [Runner]
    /// Over all probes.
    public var noise: ReferenceNoise
  }

  /// - Parameters:
  ///   - samples: texts that every plan can run; not empty.
  ///   - rounds: timed runs of each text on each plan, at least 1.
  ///   - threads: workers; nil: as many as the plan and this process's CPUs allow.
  ///   - noiseBound: largest spread of the reference kernels' times on a steady machine.
  ///   - progress: share done, 0 to 1.
  /// - Throws: `AuditError`, `RuntimeError`.
  public static func measure(
    _ plans: [LoadedPlan], samples: [some TokenizedText], rounds: Int, threads: Int? = nil,
    noiseBound: Double = ReferenceNoise.defaultBound, progress: (Double) -> Void = { _ in }
  ) throws -> Result {
    guard !samples.isEmpty else { throw AuditError.noSamples }
    guard plans.allSatisfy({ !$0.plan.predictions.lengths.isEmpty }) else { throw AuditError.noPredictions }
    var times = plans.map { _ in samples.map { _ in [Nanoseconds]() } }
    var runners = plans.map { _ in Runner(times: [], predicted: [], depths: [], work: [], probes: []) }
    for round in 0..<rounds {
      for (place, plan) in plans.enumerated() {
        // A session a turn: memory for one arena at a time.
        var session = try Session(plan, threads: threads)
        session.warmUp()
        var probe = try MachineProbe(session)
        for (text, sample) in samples.enumerated() {
          if text > 0, text % chunk == 0 { probe.measure(session) }
          let start = MonotonicClock.now()
          try session.run(ids: sample.ids.span, typeIDs: sample.typeIDs.span)
          times[place][text].append(Nanoseconds(MonotonicClock.now().rawValue - start.rawValue))
          // What a run did is the same in every round.
          if round == 0 { runners[place].note(session) }
        }
        probe.measure(session)
        runners[place].probes += probe.times
        progress((Double(round) + Double(place + 1) / Double(plans.count)) / Double(rounds))
      }
    }
    for place in runners.indices { runners[place].times = times[place].map { TimePercentiles($0).p50 } }
    return Result(
      runners: runners, noise: ReferenceNoise(probes: runners.flatMap(\.probes), bound: noiseBound))
  }
}

extension TextRace.Runner {
  fileprivate mutating func note(_ session: borrowing Session) {
    let plan = session.loaded.plan
    let length = session.currentLength
    let method = CompileMethod.Name(rawValue: plan.identity.method)
    let analysis = SpeedupAnalysis(plan.model, dropping: method?.dropPoint ?? .afterAttention)
    predicted.append(
      plan.predictedTime(length: length, depth: session.depth) ?? plan.expectations?.lengths[length - 1].mean
        ?? plan.predictions.lengths[length - 1].planned.time)
    depths.append(session.depth)
    work.append(analysis.publishedWork(Array(session.keptTokens.prefix(session.depth + 1))))
  }
}
