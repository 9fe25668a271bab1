internal import Dispatch
public import TaperPlanFormat
public import TaperPlanRuntime
internal import TaperProfiler

/// Runs a plan over many samples for planning-time work: calibration, head fitting, accuracy.
///
/// Texts are independent of each other, so each thread runs a text of its own in a session of its own; that scales
/// better than several workers in one op, which wait for each other after each. Results are handed over in order, and
/// do not depend on the number of threads.
public struct PlanExecution: Sendable {
  public typealias Progress = (_ done: Int, _ total: Int) -> Void

  /// Bytes that all sessions' arenas may take together. A plan with large ones gets fewer sessions, with several
  /// workers each.
  package var arenaBudget = 128 << 20

  let plan: LoadedPlan
  let threads: Int
  let halts: Bool

  /// - Parameters:
  ///   - threads: as many as this process has CPUs when nil, whatever number the plan is made for.
  ///   - halts: whether halting points may end a run.
  public init(_ plan: LoadedPlan, threads: Int? = nil, halts: Bool = true) {
    self.plan = plan
    self.threads = threads ?? CPUBudget.current.threads
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

  /// Runs every sample and hands over, in order and on the calling thread, what it did and the contents of the named
  /// slots.
  func run(
    _ samples: [some TokenizedText], slots: [String], progress: Progress,
    each: (_ index: Int, _ run: TextRun, _ slots: [[Float]]) throws -> Void
  ) throws {
    let (sessions, workers) = division(of: samples.count)
    if sessions == 1 {
      var session = try session(workers: workers)
      for (index, sample) in samples.enumerated() {
        let output = try Output(sample, slots, in: &session)
        try each(index, output.run, output.slots)
        progress(index + 1, samples.count)
      }
      return
    }
    let queue = TextQueue<Result<Output, any Error>>(count: samples.count, window: 16 * sessions)
    let group = DispatchGroup()
    for number in 1...sessions {
      DispatchQueue(label: "taper.texts.\(number)").async(group: group) {
        [self] in answer(samples, slots, from: queue, workers: workers)
      }
    }
    // Sessions are gone when this returns, whether by an error or at the end.
    defer {
      queue.stop()
      group.wait()
    }
    for index in samples.indices {
      let output = try queue.fetch(index).get()
      try each(index, output.run, output.slots)
      progress(index + 1, samples.count)
    }
  }

  /// Sessions, and workers of each.
  private func division(of texts: Int) -> (sessions: Int, workers: Int) {
    let arena = max(1, Int(clamping: plan.plan.arena.byteCount.rawValue))
    let sessions = max(1, min(threads, texts, arenaBudget / arena))
    return (sessions, min(max(1, threads / sessions), plan.maximumThreads))
  }

  private func session(workers: Int) throws(RuntimeError) -> Session {
    var session = try Session(plan, threads: workers)
    session.halts = halts
    return session
  }

  /// What a thread does: a session over the texts that it takes.
  private func answer(
    _ samples: [some TokenizedText], _ slots: [String],
    from queue: TextQueue<Result<Output, any Error>>, workers: Int
  ) {
    guard var next = queue.take() else { return }
    do {
      var session = try session(workers: workers)
      while true {
        let output = Result { try Output(samples[next], slots, in: &session) }
        queue.put(output, for: next)
        guard let number = queue.take() else { return }
        next = number
      }
    } catch {
      // The number that was taken must have an outcome; the first error in the order of texts is thrown.
      queue.put(.failure(error), for: next)
    }
  }

  /// What is kept of a text's run.
  private struct Output: Sendable {
    var run: TextRun
    var slots: [[Float]]

    init(_ sample: some TokenizedText, _ names: [String], in session: inout Session) throws(RuntimeError) {
      try session.run(ids: sample.ids.span, typeIDs: sample.typeIDs.span)
      slots = names.map { name in
        guard let slot = session.contents(ofSlotNamed: name) else {
          preconditionFailure("an instrumented plan lacks the slot \(name)")
        }
        return slot
      }
      run = TextRun(result: session.result, keptTokens: session.keptTokens, depth: session.depth)
    }
  }
}
