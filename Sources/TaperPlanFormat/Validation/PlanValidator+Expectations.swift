/// Rules about expected times, which are below the worst case.
extension PlanValidator {
  static func checkExpectationCounts(_ plan: Plan) throws(PlanFormatError) {
    guard let expectations = plan.expectations else { return }
    let (lengths, layers) = (plan.schedule.maximumLength, plan.schedule.layerCount)
    for (found, expected) in [
      (expectations.lengths.count, lengths), (plan.predictions.lengths.count, lengths),
      (expectations.keptTokens.count, lengths * layers), (expectations.cappedShares.count, layers),
    ] { try require(found == expected, .expectationCounts, .plan, expected: expected, found: found) }
  }

  static func checkExpectedTimes(_ plan: Plan) throws(PlanFormatError) {
    guard let expectations = plan.expectations else { return }
    let worst = plan.predictions.lengths.map(\.planned.time)
    try checkAscent(expectations.overall, .plan, worst: worst.max() ?? .zero)
    for (number, time) in expectations.lengths.enumerated() {
      try checkAscent(time, .prediction(number), worst: worst[number])
    }
  }

  static func checkAscent(
    _ time: ExpectedTime, _ place: PlanPlace, worst: Nanoseconds
  ) throws(PlanFormatError) {
    for (lower, upper) in [
      (time.mean, worst), (time.p50, time.p90), (time.p90, time.p99), (time.p99, worst),
    ] {
      try require(
        lower <= upper, .expectedTimes, place, expected: Int(clamping: upper.rawValue),
        found: Int(clamping: lower.rawValue))
    }
  }
}
