import TaperModelSpec
import TaperPlanFormat

extension GraphBuilder {
  /// The answer after `layer` (DACT-BERT). Pools the states that leave it, before a selector drops any, and computes
  /// their class probabilities, which are joined to the earlier answers. Below the last layer also the halting unit,
  /// and the test that may end the run.
  ///
  /// One slot holds the answers and the probability that is left to go on; it is the result from the first layer on.
  mutating func emitAnswer(_ states: Operand, rows: RowCount, after layer: Int, rule: HaltingRule) {
    let isLast = layer == facts.layers
    let hidden = facts.hidden
    let classes = facts.head.outputWidth
    let place = isLast ? layer + 1 : layer
    let prefix = "halting.\(layer)"

    beginGroup()
    var features = emitPooled(states, rows: rows, after: layer, name: "\(prefix).pooled")
    if facts.head.normalized {
      features = emitRowFunction(
        .l2Normalize, features, columns: hidden, name: "\(prefix).normalized", outlivesRun: false,
        layer: place)
    }
    let logits = emitLinear(
      features, layer: place, rows: .one, columns: classes, depth: hidden,
      weight: weight("\(prefix).classifier.weight", [classes, hidden], .halting(layer, .classifierWeight)),
      bias: weight("\(prefix).classifier.bias", [classes], .halting(layer, .classifierBias)),
      name: "\(prefix).logits")
    let probabilities = emitRowFunction(
      .softmax, logits, columns: classes, name: "\(prefix).classes", outlivesRun: false, layer: place)

    var accumulate = PlanOp(.accumulate, layer: place, rows: .one, columns: classes)
    accumulate.a = answers
    if answers.isNone { answers = makeSlot("result", rows: .one, columns: classes + 1, outlivesRun: true) }
    accumulate.b = probabilities
    accumulate.output = answers
    graph.result = answers.slot
    guard !isLast else { return emit(accumulate) }
    accumulate.c = features
    accumulate.depth = UInt32(hidden)
    accumulate.weight = weight("\(prefix).unit.weight", [1, hidden], .halting(layer, .unitWeight))
    accumulate.bias = weight("\(prefix).unit.bias", [1], .halting(layer, .unitBias))
    emit(accumulate)

    if halted.isNone { halted = makeSlot("halted", rows: .one, columns: 1, outlivesRun: true) }
    var test = PlanOp(rule.opKind, layer: layer, rows: .one, columns: classes)
    test.extent = UInt32((facts.haltingLayers ?? facts.layers) - layer)
    test.a = answers
    test.output = halted
    emit(test)
  }
}
