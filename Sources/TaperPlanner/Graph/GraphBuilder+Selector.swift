import TaperModelSpec
import TaperPlanFormat

extension GraphBuilder {
  /// Selects among the states that leave a layer (TR-BERT): π's logit for every row, the rows to keep, the states of
  /// dropped rows restored to their positions, and the kept rows gathered, [T(l), hidden].
  ///
  /// A static selection runs only for lengths at which the layer drops tokens. A dynamic one always runs, and decides
  /// T(l).
  mutating func emitSelection(
    _ selector: SelectorFacts, _ selection: TokenSelection, layer: Int, state: Operand
  ) -> Operand {
    let before = RowCount.tokens(after: layer - 1)
    let after = RowCount.tokens(after: layer)
    let prefix = "layer.\(layer).selector"
    let condition: OpGuard = selection == .static ? .ifReduced : .always

    let inner = emitLinear(
      state, layer: layer, rows: before, columns: selector.width, depth: facts.hidden,
      weight: weight("\(prefix).w1.weight", [selector.width, facts.hidden], .selector(layer, .w1Weight)),
      bias: weight("\(prefix).w1.bias", [selector.width], .selector(layer, .w1Bias)), activation: .gelu,
      name: "\(prefix).inner", condition: condition)
    let logits = emitLinear(
      inner, layer: layer, rows: before, columns: 1, depth: selector.width,
      weight: weight("\(prefix).w2.weight", [1, selector.width], .selector(layer, .w2Weight)),
      bias: weight("\(prefix).w2.bias", [1], .selector(layer, .w2Bias)), name: "\(prefix).logits",
      condition: condition)

    beginGroup()
    var select = PlanOp(
      selection == .static ? .select : .selectAbove, layer: layer, rows: after, innerRows: before)
    select.condition = condition
    select.heads = 1
    select.a = logits
    if selection == .dynamic { select.scale = selector.logitThreshold }
    let kept = emitChoice(select, of: state)
    return emitGather(
      state, index: kept, layer: layer, rows: after, columns: facts.hidden, name: hiddenName(layer),
      outlivesRun: options.instrumentation.contains(.hiddenStates))
  }

  /// Emits `select` with a slot for the numbers of the kept rows; then restores the dropped rows of `states` to their
  /// positions, as they are or through the lens, and updates the positions of the kept rows. Returns the numbers of the
  /// kept rows.
  mutating func emitChoice(_ select: PlanOp, of states: Operand) -> Operand {
    let layer = Int(select.layer)
    let kept = makeSlot("layer.\(layer).kept", element: .u32, rows: select.rows, columns: 1)
    var select = select
    select.output = kept
    emit(select)

    if !restored.isNone {
      var restore = PlanOp(
        options.readsLens ? .spread : .scatter, layer: layer, rows: select.rows, innerRows: select.innerRows,
        columns: facts.hidden)
      restore.condition = select.condition
      restore.a = options.readsLens ? emitImage(select, kept: kept, of: states) : states
      restore.index = kept
      restore.origin = origin
      restore.output = restored
      emit(restore)
    }
    if !origin.isNone {
      var compose = PlanOp(.compose, layer: layer, rows: select.rows, innerRows: select.innerRows)
      compose.condition = select.condition
      compose.index = kept
      compose.output = origin
      emit(compose)
    }
    return kept
  }
}
