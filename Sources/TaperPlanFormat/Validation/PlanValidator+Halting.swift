/// Rules about runs that may end before the last layer. `LengthWalk` checks that the answer is then written.
extension PlanValidator {
  /// Rules `haltingPresence`, `haltingPlace` and `haltingTable`.
  static func checkHalting(_ plan: Plan) throws(PlanFormatError) {
    let tests = plan.ops.indices.filter { plan.ops[$0].kind.haltingRule != nil }
    guard let halting = plan.halting else {
      return try require(tests.isEmpty, .haltingPresence, .plan, expected: 0, found: tests.count)
    }
    let cap = plan.schedule.layerCount
    try require(
      plan.head.kind == .classification && Int(halting.layers) >= cap, .haltingPresence, .plan, expected: cap,
      found: Int(halting.layers))
    var previous = 0
    for number in tests {
      let op = plan.ops[number]
      let layer = Int(op.layer)
      let holds =
        op.kind.haltingRule == plan.haltingRule && layer > previous && layer < cap
        && op.extent == UInt32(halting.layers) - UInt32(layer) && op.columns == plan.head.outputWidth
        && op.columns > 1
      try require(holds, .haltingPlace, .op(number), expected: previous + 1, found: layer)
      previous = layer
    }
    try checkDepthTimes(halting, plan)
    try checkDepths(halting, plan)
  }

  private static func checkDepthTimes(_ halting: Halting, _ plan: Plan) throws(PlanFormatError) {
    let cap = plan.schedule.layerCount
    let expected = plan.predictions.lengths.count * cap
    let found = halting.depthTimes.count
    try require(found == expected, .haltingTable, .plan, expected: expected, found: found)
    for (row, length) in plan.predictions.lengths.enumerated() where cap > 0 {
      let times = halting.depthTimes[row * cap..<(row + 1) * cap]
      let rises = zip(times, times.dropFirst()).allSatisfy { $0 <= $1 }
      try require(
        rises && times.last == length.planned.time, .haltingTable, .prediction(row),
        expected: Int(clamping: length.planned.time.rawValue),
        found: Int(clamping: times.last?.rawValue ?? 0))
    }
  }

  private static func checkDepths(_ halting: Halting, _ plan: Plan) throws(PlanFormatError) {
    guard let measured = halting.measured else { return }
    let found = measured.histogram.count
    try require(
      found == plan.schedule.layerCount, .haltingTable, .plan, expected: plan.schedule.layerCount,
      found: found)
    try checkAscent(measured.time, .plan, worst: plan.predictions.lengths.map(\.planned.time).max() ?? .zero)
  }
}
