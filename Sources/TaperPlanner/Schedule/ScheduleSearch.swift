import TaperPlanFormat

/// Finds the keep counts that meet a target with the most tokens kept.
///
/// For deadlines each length has its own α: dense where that meets the deadline, else the largest α whose predicted
/// time does, so that short inputs stay dense and the deadline holds for every input. For the two speedups one α, found
/// at the maximum length, serves all lengths. An average is met by one more α that caps those of all lengths.
///
/// Only the α's at which a count changes need trying, at most n·L of them. All are tried from the largest down:
/// predicted time need not be monotone (a layer that starts to drop tokens pays for choosing them), and a search that
/// assumes it is would keep fewer tokens for some looser targets.
package struct ScheduleSearch {
  /// The encoder as far as it is planned.
  let facts: EncoderFacts
  let target: PlanningTarget
  let maximumLength: Int
  let family: RetentionFamily
  /// Times the op list in which every layer may drop tokens.
  let reducing: OpListTimer
  /// Times the op list in which none may.
  let whole: OpListTimer
  /// The dense encoder, which speedups are relative to; it may have more layers than are planned.
  let dense: DenseReference
  /// Ops of the reducing list, for the diagnostic.
  let reducingOps: [PricedOp]
  let pricer: OpPricer
  let dropping: DropPoint
  /// Over the calibration's lengths.
  let average: LengthAverage
  /// Longer inputs keep every token: no text says what dropping would do to them.
  let coveredLength: Int

  package init(
    facts: EncoderFacts, target: PlanningTarget, maximumLength: Int, family: RetentionFamily,
    reducingOps: [PricedOp], wholeOps: [PricedOp], dense: DenseReference, average: LengthAverage,
    pricer: OpPricer, dropping: DropPoint = .afterAttention, coveredLength: Int = .max
  ) {
    self.facts = facts
    self.target = target
    self.maximumLength = maximumLength
    self.family = family
    self.reducingOps = reducingOps
    self.average = average
    self.coveredLength = coveredLength
    self.pricer = pricer
    self.dropping = dropping
    reducing = OpListTimer(
      reducingOps, layerCount: facts.layers, maximumLength: maximumLength, pricer: pricer)
    whole = OpListTimer(wholeOps, layerCount: facts.layers, maximumLength: maximumLength, pricer: pricer)
    self.dense = dense
  }

  package func run() throws(PlanningError) -> [[Int]] {
    let lengths = 1...maximumLength
    switch target {
    case .times(let limits): return try rows(within: pricer.medians(of: limits))
    case .speedup(let factor):
      let limit = Double(dense.time(maximumLength))
      if Double(whole.time(everyToken(maximumLength))) * factor <= limit { return lengths.map(everyToken) }
      try requireCovered(maximumLength)
      let found = largest(length: maximumLength) { Double(reducing.time($0)) * factor <= limit }
      guard let found else { throw .infeasible(diagnostic(length: maximumLength)) }
      return lengths.map { family.counts(found, length: $0) }
    case .workSpeedup(let factor):
      let analysis = SpeedupAnalysis(facts.shape, dropping: dropping)
      if factor > 1 { try requireCovered(maximumLength) }
      let found = largest(length: maximumLength) {
        analysis.publishedSpeedup($0, denseLayers: dense.layers) >= factor
      }
      guard let found else { throw .infeasible(diagnostic(length: maximumLength)) }
      return lengths.map { family.counts(found, length: $0) }
    }
  }

  /// Keep counts by length whose times keep within the limits.
  private func rows(within limits: TimeLimits) throws(PlanningError) -> [[Int]] {
    let lengths = 1...maximumLength
    let times = lengths.map { whole.time(everyToken($0)) }
    let meetsAverage = limits.average.map { average { times[$0 - 1] } <= $0.nanoseconds } ?? true
    if meetsAverage, lengths.allSatisfy({ times[$0 - 1] <= limits.deadline($0) }) {
      return lengths.map(everyToken)
    }
    var rows: [[Int]] = []
    for length in lengths {
      let limit = limits.deadline(length)
      if length > coveredLength {
        guard times[length - 1] <= limit else { throw .lengthNotCovered(length, covered: coveredLength) }
        rows.append(everyToken(length))
        continue
      }
      let found = largest(length: length) { reducing.time($0) <= limit }
      guard let found else { throw .infeasible(worstLength(limits)) }
      rows.append(family.counts(found, length: length))
    }
    guard let limit = limits.average else { return rows }
    var least = Double.infinity
    var previous: [Int] = []
    for cap in family.members(length: maximumLength) {
      let counts = family.counts(cap, length: maximumLength)
      if counts == previous { continue }
      previous = counts
      for length in lengths where length <= coveredLength {
        // Both are of one chain, so the smaller is one of them. Where it would miss the deadline, the row stays.
        let capped = zip(rows[length - 1], family.counts(cap, length: length)).map { min($0, $1) }
        if reducing.time(capped) <= limits.deadline(length) { rows[length - 1] = capped }
      }
      let found = average { reducing.time(rows[$0 - 1]) }
      if found <= limit.nanoseconds { return rows }
      least = min(least, found)
    }
    throw .infeasible(diagnostic(length: maximumLength, average: least))
  }

  private func requireCovered(_ length: Int) throws(PlanningError) {
    guard length <= coveredLength else { throw .lengthNotCovered(length, covered: coveredLength) }
  }

  private func everyToken(_ length: Int) -> [Int] { [Int](repeating: length, count: facts.layers + 1) }

  private func largest(length: Int, _ meetsTarget: ([Int]) -> Bool) -> RetentionFamily.Member? {
    var previous: [Int] = []
    for member in family.members(length: length) {
      let counts = family.counts(member, length: length)
      if counts == previous { continue }
      if meetsTarget(counts) { return member }
      previous = counts
    }
    return nil
  }

  /// The least predicted time (or work, for a target in work) at a length, and the counts that give it.
  private func best(length: Int) -> (time: UInt64, counts: [Int]) {
    let analysis = SpeedupAnalysis(facts.shape, dropping: dropping)
    var best = (time: whole.time(everyToken(length)), counts: everyToken(length))
    var least = analysis.publishedWork(best.counts)
    for member in family.members(length: length) {
      let counts = family.counts(member, length: length)
      let time = reducing.time(counts)
      if case .workSpeedup = target {
        let work = analysis.publishedWork(counts)
        if work < least { (best, least) = ((time, counts), work) }
      } else if time < best.time {
        best = (time, counts)
      }
    }
    return best
  }

  /// The diagnostic for the length whose best is furthest above its limit.
  private func worstLength(_ limits: TimeLimits) -> PlanningDiagnostic {
    var worst = (length: maximumLength, excess: 0.0)
    for length in 1...maximumLength {
      let excess = Double(best(length: length).time) / Double(limits.deadline(length))
      if excess > 1, excess >= worst.excess { worst = (length, excess) }
    }
    return diagnostic(length: worst.length)
  }

  /// - Parameter average: the least possible average, when that is what is missed.
  private func diagnostic(length: Int, average least: Double? = nil) -> PlanningDiagnostic {
    let best = best(length: length)
    let denseTime = dense.time(length)
    var traffic: UInt64 = 0
    var time: UInt64 = 0
    let schedule = Schedule(
      maximumLength: 1, layerCount: facts.layers, keepCounts: best.counts.map(UInt16.init),
      restoresDroppedTokens: false)
    for op in reducingOps where op.kind.isProduct && op.op.runs(in: schedule, length: 1) {
      let rows = schedule.value(of: op.rows, length: 1)
      traffic += op.layout.byteCount(columns: Int(op.columns), depth: Int(op.depth))
      time += pricer.price(op, rows: rows, innerRows: 1).time.rawValue
    }
    let analysis = SpeedupAnalysis(facts.shape, dropping: dropping)
    let speedup =
      if case .workSpeedup = target {
        analysis.publishedSpeedup(best.counts, denseLayers: dense.layers)
      } else {
        Double(denseTime) / Double(max(best.time, 1))
      }
    return PlanningDiagnostic(
      target: target, length: length, best: pricer.time(Nanoseconds(best.time), at: target.percentile),
      overMedian: pricer.tail(target.percentile) ?? 1,
      dense: pricer.time(Nanoseconds(denseTime), at: target.percentile),
      bestAverage: least.map { Nanoseconds(UInt64($0)) }, bestSpeedup: speedup,
      bestKeepCounts: Array(best.counts.dropFirst()), weightTraffic: Bytes(traffic),
      weightTime: Nanoseconds(time))
  }
}
