public import TaperPlanFormat
public import TaperPlanRuntime

/// Times of several plans on the same inputs of one length. The plans take turns over several rounds, so that a slow
/// phase of a shared machine affects all of them alike.
public enum PlanRace {
  /// - Parameters:
  ///   - samples: texts whose tokens are cut or repeated to the length; not empty, of tokens every plan knows.
  ///   - tokens: input length, at most every plan's maximum.
  ///   - runs: timed runs of each plan, at least 1.
  ///   - progress: share done, 0 to 1.
  /// - Returns: one entry a plan, in order.
  public static func measure(
    _ plans: [LoadedPlan], samples: [some TokenizedText], tokens: Int, runs: Int, threads: Int? = nil,
    progress: (Double) -> Void = { _ in }
  ) throws(AuditError) -> [TimePercentiles] {
    guard !samples.isEmpty, samples.allSatisfy({ !$0.ids.isEmpty }) else { throw .noSamples }
    for plan in plans where !(1...plan.plan.schedule.maximumLength).contains(tokens) {
      throw .lengthOutOfRange(tokens: tokens, maximum: plan.plan.schedule.maximumLength)
    }
    let inputs = TimingInputs(samples, length: tokens).inputs
    var times = plans.map { _ in [Nanoseconds]() }
    let rounds = min(Auditor.rounds, runs)
    for round in 0..<rounds {
      let chunk = runs * (round + 1) / rounds - runs * round / rounds
      for (place, plan) in plans.enumerated() {
        // A session a turn: memory for one arena at a time, and its first run is not timed.
        var session = try Auditor.open(plan, threads, tracing: false)
        _ = try Auditor.run(&session, inputs[0])
        for _ in 0..<chunk {
          times[place].append(try Auditor.run(&session, inputs[times[place].count % inputs.count]))
        }
        progress((Double(round) + Double(place + 1) / Double(plans.count)) / Double(rounds))
      }
    }
    return times.map { TimePercentiles($0) }
  }
}
