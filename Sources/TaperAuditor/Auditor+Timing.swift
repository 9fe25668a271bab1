import TaperPlanFormat
import TaperPlanRuntime

extension Auditor {
  /// Times of whole runs for each length.
  static func time(
    _ session: inout Session, _ request: AuditRequest, _ lengths: [Int], _ probe: inout MachineProbe,
    _ advance: (Int) -> Void
  ) throws(AuditError) -> [[Nanoseconds]] {
    try interleave(&session, request.samples, lengths, runs: request.runs, &probe) { advance($1) }
  }

  /// Times of `runs` whole runs for each length; the lengths take turns over several rounds, so that a slow phase of a
  /// shared machine affects all of them alike. The machine is probed after each turn; `afterChunk` receives the
  /// length's place and how many runs the turn timed.
  static func interleave(
    _ session: inout Session, _ samples: [some TokenizedText], _ lengths: [Int], runs: Int,
    _ probe: inout MachineProbe, afterChunk: (Int, Int) -> Void
  ) throws(AuditError) -> [[Nanoseconds]] {
    let inputs = lengths.map { TimingInputs(samples, length: $0).inputs }
    var times = lengths.map { _ in [Nanoseconds]() }
    let rounds = min(Auditor.rounds, runs)
    for round in 0..<rounds {
      let chunk = runs * (round + 1) / rounds - runs * round / rounds
      for place in lengths.indices {
        // A warm-up run after the change of length.
        _ = try run(&session, inputs[place][0])
        for _ in 0..<chunk {
          let input = inputs[place][times[place].count % inputs[place].count]
          times[place].append(try run(&session, input))
        }
        probe.measure(session)
        afterChunk(place, chunk)
      }
    }
    return times
  }

  /// What traced runs at the reference length did.
  struct Traces {
    /// The median of each op's; zero for one that did not run.
    var times: [Nanoseconds]
    /// T(0)…T(L) of each run.
    var counts: [[Int]]

    /// The median over the runs.
    func median<Value: Comparable>(_ value: ([Int]) -> Value) -> Value {
      let sorted = counts.map(value).sorted()
      return sorted[(sorted.count - 1) / 2]
    }
  }

  /// Op by op at the reference length.
  static func trace(
    _ loaded: LoadedPlan, _ request: AuditRequest, _ length: Int, _ probe: inout MachineProbe,
    _ advance: (Int) -> Void
  ) throws(AuditError) -> Traces {
    var session = try open(loaded, request.threads, tracing: true)
    let inputs = TimingInputs(request.samples, length: length).inputs
    var counts: [[Int]] = []
    var times = loaded.plan.ops.map { _ in [Nanoseconds]() }
    for number in 0..<request.tracedRuns {
      _ = try run(&session, inputs[number % inputs.count])
      for (op, trace) in session.traces.enumerated() where !trace.wasSkipped {
        times[op].append(trace.duration)
      }
      counts.append(session.keptTokens)
      if number % 10 == 9 { probe.measure(session) }
      advance(1)
    }
    return Traces(times: times.map { $0.isEmpty ? .zero : TimePercentiles($0).p50 }, counts: counts)
  }

  /// The time of one run.
  static func run(
    _ session: inout Session, _ input: (ids: [UInt32], typeIDs: [UInt32])
  ) throws(AuditError) -> Nanoseconds {
    let start = MonotonicClock.now()
    do throws(RuntimeError) {
      try session.run(ids: input.ids.span, typeIDs: input.typeIDs.span)
    } catch {
      throw .runtime(error)
    }
    return Nanoseconds(MonotonicClock.now().rawValue - start.rawValue)
  }

  /// Ops that ran or were predicted to, at the counts the runs had: the schedule's, or what selectors left of them.
  static func opAudits(_ plan: Plan, length: Int, _ traces: Traces) -> [OpAudit] {
    guard let row = plan.predictions.referenceLengths.firstIndex(of: UInt16(length)) else { return [] }
    let dynamic = DynamicPredictions(plan)
    return plan.ops.indices.compactMap { index in
      let op = plan.ops[index]
      let stored = plan.predictions.ops[row * plan.ops.count + index]
      let prediction =
        dynamic.map { dynamic in
          dynamic.prediction(of: index, count: traces.median { dynamic.count(of: index, $0) }) ?? stored
        } ?? stored
      if prediction.time == .zero, traces.times[index] == .zero { return nil }
      let rows = traces.median { DynamicPredictions.value(of: op.rows, $0) }
      let kernel = plan.selections.first { Int($0.op) == index && Int($0.maximumRows) >= rows }?.kernel
      return OpAudit(
        index: index, op: op, kernel: kernel, rows: rows,
        innerRows: traces.median { DynamicPredictions.value(of: op.innerRows, $0) }, prediction: prediction,
        measured: traces.times[index])
    }
  }

  /// Sums over each layer's ops.
  static func layerAudits(_ plan: Plan, _ traces: Traces, _ ops: [OpAudit]) -> [LayerAudit] {
    let last = plan.schedule.layerCount
    return (0...last + 1).compactMap { layer in
      let members = ops.filter { $0.layer == layer }
      if members.isEmpty { return nil }
      return LayerAudit(
        layer: layer, tokens: layer > last ? 1 : traces.median { $0[layer] },
        predicted: members.reduce(.zero) { $0 + $1.predicted },
        measured: members.reduce(.zero) { $0 + $1.measured })
    }
  }
}
