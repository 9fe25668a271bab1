package import TaperPlanFormat

/// Expected times of a plan whose selectors choose by threshold: each calibration text's own keep counts, up to the
/// plan's, priced by the plan's op list.
package enum ExpectationTable {
  package static func make(
    ops: [PricedOp], schedule: Schedule, statistics: SelectorStatistics, predictions: Predictions,
    pricer: OpPricer
  ) -> Expectations {
    let timer = OpListTimer(
      ops, layerCount: schedule.layerCount, maximumLength: schedule.maximumLength, pricer: pricer)
    // No more than the worst case, which the plan promises.
    func time(_ counts: [Int]) -> UInt64 {
      min(timer.time(counts), predictions.lengths[counts[0] - 1].planned.time.rawValue)
    }
    var lengths: [ExpectedTime] = []
    var kept: [Float] = []
    for length in 1...schedule.maximumLength {
      let counts = statistics.counts(
        length: length, ceilings: schedule.retentionConfiguration(length: length))
      lengths.append(expected(counts.map(time)))
      for layer in 1...schedule.layerCount {
        kept.append(Float(counts.reduce(0) { $0 + $1[layer] }) / Float(counts.count))
      }
    }
    let texts = statistics.counts(schedule)
    return Expectations(
      texts: texts.count, overall: texts.isEmpty ? lengths[lengths.count - 1] : expected(texts.map(time)),
      lengths: lengths, keptTokens: kept, cappedShares: statistics.cappedShares(schedule))
  }

  private static func expected(_ times: [UInt64]) -> ExpectedTime {
    ExpectedTime(times.map { Nanoseconds($0) })
  }
}
