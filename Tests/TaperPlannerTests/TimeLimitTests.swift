import TaperBase
import TaperCalibration
import TaperPlanFormat
import TaperPlanner
import Testing

/// Deadlines in steps, averages and throughputs, on a device written down as formulas.
@Suite struct TimeLimitTests {
  /// Most texts are short; some are longer than the plan's longest input.
  private static let lengths = [
    LengthCount(tokens: 8, count: 60), LengthCount(tokens: 40, count: 30), LengthCount(tokens: 90, count: 10),
  ]

  private func plan(
    _ limits: TimeLimits, by dropping: TokenDropping? = .attention(), lengths: [LengthCount] = Self.lengths
  ) throws(PlanningError) -> Plan {
    let request = PlanningRequest(.times(limits).by(dropping), maximumLength: 64)
    let inputs = PlanningInputs(
      facts: SyntheticModels.facts(), profile: SyntheticModels.profile, lengths: lengths,
      costs: SyntheticCosts.make())
    return try PlanAssembler(request, inputs).assemble().plan
  }

  private func denseTimes() throws -> [UInt64] {
    try plan(TimeLimits([.init(upTo: .max, Nanoseconds(1_000_000_000))])).predictions.lengths.map(
      \.planned.time.rawValue)
  }

  /// By hand: 60 texts of 8 tokens, 30 of 40, 10 cut to 64.
  private func average(_ times: [UInt64]) -> Double {
    (60 * Double(times[7]) + 30 * Double(times[39]) + 10 * Double(times[63])) / 100
  }

  private func average(_ plan: Plan) -> Double {
    average(plan.predictions.lengths.map(\.planned.time.rawValue))
  }

  @Test func everyStepHoldsForItsLengths() throws {
    let dense = try denseTimes()
    // Tight up to 24 tokens, loose up to 48, tight again beyond.
    let steps = [(24, dense[15]), (48, dense[47]), (64, dense[39])]
    let plan = try plan(TimeLimits(steps.map { .init(upTo: $0.0, Nanoseconds($0.1)) }))
    for length in 1...64 {
      let limit = steps.first { length <= $0.0 }?.1 ?? 0
      #expect(plan.predictions.lengths[length - 1].planned.time.rawValue <= limit, "\(length) tokens")
      let isWhole = plan.schedule.tokens(after: 4, length: length) == length
      // Well below a step's limit everything is kept.
      if length <= 14 || (25...46).contains(length) { #expect(isWhole, "\(length) tokens") }
      if length == 24 || length >= 60 { #expect(!isWhole, "\(length) tokens") }
    }
  }

  @Test(arguments: [0.6, 0.75, 0.9]) func theAverageIsMetByTheLeastDropping(share: Double) throws {
    let dense = average(try denseTimes())
    let limit = Nanoseconds(UInt64(dense * share))
    let found = try plan(TimeLimits(average: .time(limit)))
    #expect(average(found) <= Double(limit.rawValue))
    #expect(average(found) > Double(limit.rawValue) * 0.93, "more dropped than asked")
    // The same as so many texts a second.
    let rate = try plan(TimeLimits(average: .throughput(1e9 / Double(limit.rawValue))))
    #expect(rate.schedule == found.schedule)
    let looser = try plan(TimeLimits(average: .time(Nanoseconds(limit.rawValue + limit.rawValue / 10))))
    #expect(zip(found.schedule.keepCounts, looser.schedule.keepCounts).allSatisfy { $0 <= $1 })
  }

  @Test func throughputAtADeadlineKeepsBoth() throws {
    let dense = try denseTimes()
    let deadline = Nanoseconds(dense[47])
    let alone = try plan(TimeLimits([.init(upTo: .max, deadline)]))
    let limit = Nanoseconds(UInt64(average(alone) * 0.8))
    let both = try plan(TimeLimits([.init(upTo: .max, deadline)], average: .time(limit)))
    #expect(both.predictions.lengths.allSatisfy { $0.planned.time <= deadline })
    #expect(average(both) <= Double(limit.rawValue) && average(alone) > Double(limit.rawValue))
    #expect(zip(both.schedule.keepCounts, alone.schedule.keepCounts).allSatisfy { $0 <= $1 })
  }

  @Test func depthMeetsAnAverageToo() throws {
    let limit = Nanoseconds(UInt64(average(try denseTimes()) * 0.6))
    let plan = try plan(TimeLimits(average: .time(limit)), by: nil)
    #expect(plan.schedule.layerCount == 2 && average(plan) <= Double(limit.rawValue))
  }

  private func diagnostic(_ limits: TimeLimits, by dropping: TokenDropping? = .attention()) throws
    -> PlanningDiagnostic
  {
    let error = #expect(throws: PlanningError.self) { try plan(limits, by: dropping) }
    guard case .infeasible(let diagnostic) = error else { throw error ?? .tokenHeadNotFitted }
    return diagnostic
  }

  @Test(arguments: [TokenDropping.attention(), nil]) func missedLimitsAreNamed(_ dropping: TokenDropping?)
    throws
  {
    let average = TimeLimits(average: .time(Nanoseconds(20_000)))
    let mean = try diagnostic(average, by: dropping)
    let best = try #require(mean.bestAverage)
    #expect(mean.missedLimit == average && best.rawValue > 20_000)
    if dropping != nil {
      #expect(throws: Never.self) { try plan(TimeLimits(average: .time(Nanoseconds(best.rawValue + 1)))) }
    }
    let rate = try diagnostic(TimeLimits(average: .throughput(50_000)), by: dropping)
    #expect(rate.missedLimit == TimeLimits(average: .throughput(50_000)) && rate.bestAverage == best)
    #expect(rate.length == 64)
    // The step that is missed, not the others.
    let steps = try diagnostic(
      TimeLimits([.init(upTo: 32, Nanoseconds(10_000_000)), .init(upTo: 64, Nanoseconds(20_000))]),
      by: dropping)
    #expect(steps.missedLimit == TimeLimits([.init(upTo: 64, Nanoseconds(20_000))]))
    #expect(steps.length > 32 && steps.bestAverage == nil)
  }

  @Test func limitsThatAreNone() {
    let long = Nanoseconds(1_000_000_000)
    for limits in [
      TimeLimits(), TimeLimits([.init(upTo: 64, .zero)]), TimeLimits(average: .throughput(0)),
      TimeLimits(average: .throughput(.infinity)),
      TimeLimits([.init(upTo: 64, long), .init(upTo: 32, long)]),
    ] {
      #expect(throws: PlanningError.targetOutOfRange(.times(limits))) { try plan(limits) }
    }
    #expect(throws: PlanningError.deadlineMissing(length: 64, last: 32)) {
      try plan(TimeLimits([.init(upTo: 32, long)]))
    }
    #expect(throws: PlanningError.averageNeedsCalibration) {
      try plan(TimeLimits(average: .time(long)), lengths: [])
    }
  }
}
