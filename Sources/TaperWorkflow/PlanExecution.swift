public import TaperPlanRuntime

/// Runs a plan over many samples, in order, for planning-time work: calibration, head fitting, accuracy.
public struct PlanExecution {
  public typealias Progress = (_ done: Int, _ total: Int) -> Void

  let plan: LoadedPlan
  let threads: Int

  /// - Parameter threads: workers; the plan's, or what the machine has if that is less, when nil.
  public init(_ plan: LoadedPlan, threads: Int? = nil) {
    self.plan = plan
    self.threads = threads ?? plan.defaultThreads
  }

  /// The result of every sample, in order.
  public func results(
    of samples: [TokenizedSample], progress: Progress = { _, _ in }
  ) throws -> [[Float]] {
    var results: [[Float]] = []
    results.reserveCapacity(samples.count)
    try run(samples, slots: [], progress: progress) { _, result, _ in results.append(result) }
    return results
  }

  /// The layers that every sample runs, in order: as many as the plan has, or fewer where a halting point ends the run.
  public func depths(of samples: [TokenizedSample], progress: Progress = { _, _ in }) throws -> [Int] {
    var depths: [Int] = []
    try forEachRun(of: samples, progress: progress) { _, session in depths.append(session.depth) }
    return depths
  }

  /// T(0)…T(L) of every sample, in order.
  func keptTokens(of samples: [TokenizedSample], progress: Progress) throws -> [[Int]] {
    var kept: [[Int]] = []
    try forEachRun(of: samples, progress: progress) { _, session in kept.append(session.keptTokens) }
    return kept
  }

  /// Runs every sample and hands over its result and the contents of the named slots.
  func run(
    _ samples: [TokenizedSample], slots: [String], progress: Progress,
    each: (_ index: Int, _ result: [Float], _ slots: [[Float]]) throws -> Void
  ) throws {
    try forEachRun(of: samples, progress: progress) { index, session in
      let contents = slots.map { name in
        guard let slot = session.contents(ofSlotNamed: name) else {
          preconditionFailure("an instrumented plan lacks the slot \(name)")
        }
        return slot
      }
      let result = session.result
      try each(index, result.indices.map { result[$0] }, contents)
    }
  }

  /// Runs every sample in one session, which `body` sees after each.
  private func forEachRun(
    of samples: [TokenizedSample], progress: Progress,
    _ body: (_ index: Int, _ session: borrowing Session) throws -> Void
  ) throws {
    var session = try Session(plan, threads: threads)
    for (index, sample) in samples.enumerated() {
      try session.run(ids: sample.ids.span, typeIDs: sample.typeIDs.span)
      try body(index, session)
      progress(index + 1, samples.count)
    }
  }
}
