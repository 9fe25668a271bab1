public import TaperPlanFormat
public import TaperPlanRuntime

/// Runs a plan over many samples, in order, for planning-time work: calibration, head fitting, accuracy.
public struct PlanExecution {
  public typealias Progress = (_ done: Int, _ total: Int) -> Void

  let plan: LoadedPlan
  let threads: Int
  let halts: Bool

  /// - Parameters:
  ///   - threads: workers; the plan's, or what the machine has if that is less, when nil.
  ///   - halts: whether halting points may end a run.
  public init(_ plan: LoadedPlan, threads: Int? = nil, halts: Bool = true) {
    self.plan = plan
    self.threads = threads ?? plan.defaultThreads
    self.halts = halts
  }

  /// The result of every sample, in order.
  public func results(
    of samples: [some TokenizedText], progress: Progress = { _, _ in }
  ) throws -> [[Float]] {
    try runs(of: samples, progress: progress).map(\.result)
  }

  /// What every sample did, in order.
  public func runs(
    of samples: [some TokenizedText], progress: Progress = { _, _ in }
  ) throws -> [TextRun] {
    var runs: [TextRun] = []
    runs.reserveCapacity(samples.count)
    try run(samples, slots: [], progress: progress) { _, run, _ in runs.append(run) }
    return runs
  }

  /// Runs every sample in one session and hands over what it did and the contents of the named slots.
  func run(
    _ samples: [some TokenizedText], slots: [String], progress: Progress,
    each: (_ index: Int, _ run: TextRun, _ slots: [[Float]]) throws -> Void
  ) throws {
    var session = try Session(plan, threads: threads)
    session.halts = halts
    for (index, sample) in samples.enumerated() {
      try session.run(ids: sample.ids.span, typeIDs: sample.typeIDs.span)
      var contents: [[Float]] = []
      for name in slots {
        guard let slot = session.contents(ofSlotNamed: name) else {
          preconditionFailure("an instrumented plan lacks the slot \(name)")
        }
        contents.append(slot)
      }
      try each(
        index, TextRun(result: session.result, keptTokens: session.keptTokens, depth: session.depth), contents
      )
      progress(index + 1, samples.count)
    }
  }
}
