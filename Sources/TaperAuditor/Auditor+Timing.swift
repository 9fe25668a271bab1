import TaperPlanFormat
import TaperPlanRuntime

extension Auditor {
  /// Times of whole runs for each length.
  static func time(
    _ session: inout Session, _ request: AuditRequest, _ lengths: [Int], _ probe: inout NoiseProbe,
    _ probes: inout [Nanoseconds], _ advance: (Int) -> Void
  ) throws(AuditError) -> [[Nanoseconds]] {
    try interleave(&session, request.samples, lengths, runs: request.runs) { runs in
      probes.append(probe.measure())
      advance(runs)
    }
  }

  /// Times of `runs` whole runs for each length; the lengths take turns over several rounds, so that a slow phase of a
  /// shared machine falls on all of them alike. `afterChunk` is told how many runs each turn timed.
  static func interleave(
    _ session: inout Session, _ samples: [AuditSample], _ lengths: [Int], runs: Int, afterChunk: (Int) -> Void
  ) throws(AuditError) -> [[Nanoseconds]] {
    let inputs = lengths.map { TimingInputs(samples, length: $0).inputs }
    var times = lengths.map { _ in [Nanoseconds]() }
    let rounds = min(Auditor.rounds, runs)
    for round in 0..<rounds {
      let chunk = runs * (round + 1) / rounds - runs * round / rounds
      for place in lengths.indices {
        // A run that is not timed, after another length and whatever stands between.
        _ = try run(&session, inputs[place][0])
        for _ in 0..<chunk {
          let input = inputs[place][times[place].count % inputs[place].count]
          times[place].append(try run(&session, input))
        }
        afterChunk(chunk)
      }
    }
    return times
  }

  /// The median of each op's traces at the reference length; zero for one that did not run.
  static func trace(
    _ loaded: LoadedPlan, _ request: AuditRequest, _ length: Int, _ probe: inout NoiseProbe,
    _ probes: inout [Nanoseconds], _ advance: (Int) -> Void
  ) throws(AuditError) -> [Nanoseconds] {
    var session = try open(loaded, request.threads, tracing: true)
    let inputs = TimingInputs(request.samples, length: length).inputs
    var times = loaded.plan.ops.map { _ in [Nanoseconds]() }
    for number in 0..<request.tracedRuns {
      _ = try run(&session, inputs[number % inputs.count])
      for (op, trace) in session.traces.enumerated() where !trace.wasSkipped {
        times[op].append(trace.duration)
      }
      if number % 10 == 9 { probes.append(probe.measure()) }
      advance(1)
    }
    return times.map { $0.isEmpty ? .zero : TimePercentiles($0).p50 }
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

  /// Ops that ran or were predicted to.
  static func opAudits(_ plan: Plan, length: Int, _ times: [Nanoseconds]) -> [OpAudit] {
    guard let row = plan.predictions.referenceLengths.firstIndex(of: UInt16(length)) else { return [] }
    return plan.ops.indices.compactMap { index in
      let op = plan.ops[index]
      let predicted = plan.predictions.ops[row * plan.ops.count + index].time
      if predicted == .zero, times[index] == .zero { return nil }
      let rows = plan.schedule.value(of: op.rows, length: length)
      let kernel = plan.selections.first { Int($0.op) == index && Int($0.maximumRows) >= rows }?.kernel
      return OpAudit(
        index: index, op: op, kernel: kernel, rows: rows,
        innerRows: plan.schedule.value(of: op.innerRows, length: length), predicted: predicted,
        measured: times[index])
    }
  }

  /// Sums over each layer's ops.
  static func layerAudits(_ plan: Plan, length: Int, _ ops: [OpAudit]) -> [LayerAudit] {
    let last = plan.schedule.layerCount
    return (0...last + 1).compactMap { layer in
      let members = ops.filter { $0.layer == layer }
      if members.isEmpty { return nil }
      return LayerAudit(
        layer: layer, tokens: layer > last ? 1 : plan.schedule.tokens(after: layer, length: length),
        predicted: members.reduce(.zero) { $0 + $1.predicted },
        measured: members.reduce(.zero) { $0 + $1.measured })
    }
  }
}
