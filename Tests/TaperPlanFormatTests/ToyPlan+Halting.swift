import TaperPlanFormat

extension ToyPlan {
  /// The answer after a layer, of the first row's state, joined to those before; below the last layer the test.
  mutating func addAnswer(_ layer: Int, _ state: UInt16, _ answers: inout UInt16?) {
    let d = hidden
    let outputs = Int(plan.head.outputWidth)
    let isLast = layer == options.layers
    let place = isLast ? layer + 1 : layer
    let features = slot("features", rows: .one, columns: d)
    add(PlanOp(.mean, layer: place, rows: .one, innerRows: .one, columns: d)) {
      $0.a = Operand(slot: state, leading: UInt32(d))
      $0.output = Operand(slot: features, leading: UInt32(d))
    }
    let logits = slot("layer logits", rows: .one, columns: outputs)
    add(gemm(place, .one, outputs, d, from: features, to: logits)) { _ in }
    let classes = slot("classes", rows: .one, columns: outputs)
    add(PlanOp(.softmax, layer: place, rows: .one, columns: outputs)) {
      $0.a = Operand(slot: logits, leading: UInt32(outputs))
      $0.output = Operand(slot: classes, leading: UInt32(outputs))
    }
    let result = answers ?? slot("result", rows: .one, columns: outputs + 1)
    let view = Operand(slot: result, leading: UInt32(outputs + 1))
    var accumulate = PlanOp(.accumulate, layer: place, rows: .one, columns: outputs)
    if answers != nil { accumulate.a = view }
    accumulate.b = Operand(slot: classes, leading: UInt32(outputs))
    accumulate.output = view
    answers = result
    plan.resultSlot = result
    guard !isLast else { return plan.ops.append(accumulate) }
    accumulate.depth = UInt32(d)
    accumulate.c = Operand(slot: features, leading: UInt32(d))
    accumulate.weight = weight("unit", [1, d])
    accumulate.bias = weight("unit.bias", [1])
    plan.ops.append(accumulate)
    let halted = slot("halted", rows: .one, columns: 1)
    let left = UInt32(options.layers + 1 - layer)
    add(PlanOp(options.rule.opKind, layer: layer, rows: .one, columns: outputs)) {
      $0.extent = left
      $0.a = view
      $0.output = Operand(slot: halted, leading: 1)
    }
  }

  /// Of an encoder of one more layer, capped.
  mutating func addHalting(_ random: inout Seeded) {
    guard options.halts else { return }
    let cap = options.layers
    let times = plan.predictions.lengths.flatMap { length in
      (1...cap).map { Nanoseconds(length.planned.time.rawValue * UInt64($0) / UInt64(cap)) }
    }
    plan.halting = Halting(layers: cap + 1, depthTimes: times)
    if random.coin() {
      plan.halting?.measured = HaltingDepths(
        histogram: (0..<cap).map { UInt32($0 + 3) }, time: ExpectedTime(times))
    }
  }
}
