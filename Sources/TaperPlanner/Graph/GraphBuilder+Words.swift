import TaperModelSpec
import TaperPlanFormat

extension GraphBuilder {
  /// Method `lexical`: chooses tokens by their words alone, before the first layer, so that every layer has T(1) rows
  /// and none looks for tokens to drop.
  mutating func emitWordChoice(_ penalties: Int, of embedded: Operand) -> Operand {
    beginGroup()
    var scores = PlanOp(
      .wordScores, layer: 1, rows: .input, innerRows: .input, columns: 1, depth: penalties)
    scores.condition = .ifReduced
    scores.heads = 1
    scores.table0 = fitted(.wordScores, "words.scores", [Int(facts.shape.vocabulary), 1])
    scores.table1 = fitted(.repeatPenalties, "words.penalties", [1, penalties])
    scores.output = makeSlot("words.scores", rows: .input, columns: 1)
    emit(scores)
    var select = PlanOp(.select, layer: 1, rows: .tokens(after: 1), innerRows: .input)
    select.condition = .ifReduced
    select.heads = 1
    select.a = scores.output
    let kept = emitChoice(select, of: embedded)
    return emitGather(
      embedded, index: kept, layer: 1, rows: select.rows, columns: facts.hidden, name: "words.kept")
  }

  /// What the head's mean reads of each token that `choice` drops from `states`: their mean through the lens, one row.
  mutating func emitImage(_ choice: PlanOp, kept: Operand, of states: Operand) -> Operand {
    let layer = Int(choice.layer)
    var mean = PlanOp(
      .meanDropped, layer: layer, rows: choice.rows, innerRows: choice.innerRows, columns: facts.hidden)
    mean.condition = choice.condition
    mean.a = states
    mean.index = kept
    mean.output = makeSlot(
      "layer.\(layer).dropped", rows: .one, columns: facts.hidden,
      outlivesRun: options.instrumentation.contains(.readOut))
    emit(mean)
    let image = emitLinear(
      mean.output, layer: layer, rows: .one, columns: facts.hidden, depth: facts.hidden,
      weight: fitted(.lensWeight(layer), "lens.\(layer).weight", [facts.hidden, facts.hidden]),
      bias: fitted(.lensBias(layer), "lens.\(layer).bias", [facts.hidden]), name: "layer.\(layer).image",
      condition: choice.condition)
    beginGroup()
    return image
  }
}
