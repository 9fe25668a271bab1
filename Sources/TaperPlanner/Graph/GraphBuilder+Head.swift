import TaperModelSpec
import TaperPlanFormat

extension GraphBuilder {
  /// Pooling, pooler, L2 norm, linear head and scores, in this order (`HeadSpec`), all on one row.
  mutating func emitHead(_ state: Operand, override: HeadOverride?) {
    let head = facts.head
    if head.pooling == .tokens { return emitTokenHead(state) }
    let hidden = facts.hidden
    let layer = facts.layers + 1
    let hasLinear = head.hasLinear || override != nil
    let observed = options.instrumentation.contains(.features)
    let steps = 1 + (head.hasPooler ? 1 : 0) + (head.normalized ? 1 : 0)
    /// The last step before the linear head writes the features.
    func slotName(_ step: Int, _ name: String) -> String { step == steps && observed ? "features" : name }
    func outlivesRun(_ step: Int) -> Bool { step == steps && (observed || !hasLinear) }

    beginGroup()
    var step = 1
    var features: Operand
    switch head.pooling {
    // The result and the features must have a row of their own.
    case .cls where steps > 1:
      features = emitFinalNorm(state, rows: .tokens(after: facts.layers), layer: layer)
    case .tokens: features = state
    case .mean, .cls:
      features = emitPooled(
        state, rows: .tokens(after: facts.layers), after: facts.layers, name: slotName(step, "pooled"),
        outlivesRun: outlivesRun(step))
    }
    if head.hasPooler {
      step += 1
      features = emitPooler(
        features, rows: .one, name: slotName(step, "pooler"), outlivesRun: outlivesRun(step))
    }
    if head.normalized {
      step += 1
      features = emitRow(
        .l2Normalize, features, columns: hidden, name: slotName(step, "normalized"),
        outlivesRun: outlivesRun(step))
    }
    if hasLinear { features = emitLinearHead(features, override: override) }
    graph.result = features.slot
  }

  /// The pooled states that leave `layer`, as one row: their mean, over all tokens' last states when dropped ones are
  /// restored; or the first row, computed as the mean of that row. The final norm comes before.
  mutating func emitPooled(
    _ states: Operand, rows: RowCount, after layer: Int, name: String, outlivesRun: Bool
  )
    -> Operand
  {
    let place = layer == facts.layers ? layer + 1 : layer
    var (states, rows) = (states, rows)
    let before = rows.layer ?? 0
    if facts.head.pooling == .mean, !restored.isNone, options.reducingLayers.contains(where: { $0 <= before })
    {
      emitRestoring(states, rows: rows, layer: place)
      (states, rows) = (restored, .input)
    }
    var mean = PlanOp(.mean, layer: place, rows: .one, innerRows: .one, columns: facts.hidden)
    mean.a = emitFinalNorm(states, rows: rows, layer: place)
    if facts.head.pooling == .mean { mean.innerRows = rows }
    mean.output = makeSlot(name, rows: .one, columns: facts.hidden, outlivesRun: outlivesRun)
    emit(mean)
    return mean.output
  }

  /// The norm after the last layer, of encoders that normalise first; else the states as they are.
  private mutating func emitFinalNorm(_ states: Operand, rows: RowCount, layer: Int) -> Operand {
    guard facts.form.normalizesFirst else { return states }
    return emitLayerNorm(
      states, layer: layer, rows: rows, norm("final.norm", facts.hidden, .finalNormGamma, .finalNormBeta),
      name: "final")
  }

  /// The dense layer before the linear head, with its activation and norm.
  private mutating func emitPooler(
    _ input: Operand, rows: RowCount, name: String, outlivesRun: Bool = false
  ) -> Operand {
    let (head, hidden, layer) = (facts.head, facts.hidden, facts.layers + 1)
    let dense = emitLinear(
      input, layer: layer, rows: rows, columns: hidden, depth: hidden,
      weight: weight("pooler.weight", [hidden, hidden], .poolerWeight),
      bias: optional("pooler.bias", [hidden], .poolerBias), activation: head.poolerActivation,
      name: head.hasPoolerNorm ? "pooler.dense" : name, outlivesRun: outlivesRun && !head.hasPoolerNorm)
    guard head.hasPoolerNorm else { return dense }
    return emitLayerNorm(
      dense, layer: layer, rows: rows, norm("pooler.norm", hidden, .poolerNormGamma, .poolerNormBeta),
      name: name,
      outlivesRun: outlivesRun)
  }

  /// Puts the states of the remaining tokens next to those of the dropped ones, in original order.
  private mutating func emitRestoring(_ states: Operand, rows: RowCount, layer: Int) {
    var scatter = PlanOp(.scatter, layer: layer, rows: rows, innerRows: rows, columns: facts.hidden)
    scatter.a = states
    scatter.origin = origin
    scatter.output = restored
    emit(scatter)
  }

  /// A linear layer, after the pooler where the head has one, and softmax over every token's last state.
  private mutating func emitTokenHead(_ state: Operand) {
    let (hidden, outputs, layer) = (facts.hidden, facts.head.outputWidth, facts.layers + 1)
    beginGroup()
    if !restored.isNone { emitRestoring(state, rows: .tokens(after: facts.layers), layer: layer) }
    var states = emitFinalNorm(restored.isNone ? state : restored, rows: .input, layer: layer)
    if facts.head.hasPooler { states = emitPooler(states, rows: .input, name: "pooler") }
    let logits = emitLinear(
      states, layer: layer, rows: .input, columns: outputs, depth: hidden,
      weight: weight("head.weight", [outputs, hidden], .headWeight),
      bias: weight("head.bias", [outputs], .headBias), name: "logits")
    var softmax = PlanOp(.softmax, layer: layer, rows: .input, columns: outputs)
    softmax.a = logits
    softmax.output = makeSlot("result", rows: .input, columns: outputs, outlivesRun: true)
    emit(softmax)
    graph.result = softmax.output.slot
  }

  private mutating func emitLinearHead(_ features: Operand, override: HeadOverride?) -> Operand {
    let hidden = facts.hidden
    let outputs = override?.bias.count ?? facts.head.outputWidth
    let kind = override?.kind ?? facts.head.kind
    let weightRecipe = WeightRecipe(
      name: "head.weight", shape: [outputs, hidden],
      source: override == nil ? .tensors([.headWeight]) : .overridingHeadWeight)
    let biasRecipe = WeightRecipe(
      name: "head.bias", shape: [outputs],
      source: override == nil ? .tensors([.headBias]) : .overridingHeadBias)
    let score: OpKind? =
      switch kind {
      case .classification: .softmax
      case .multiLabel: .sigmoid
      case .regression where override == nil && facts.head.hasSigmoid: .sigmoid
      case .regression, .embedding, .tokenClassification: nil
      }
    let logits = emitLinear(
      features, layer: facts.layers + 1, rows: .one, columns: outputs, depth: hidden,
      weight: weight(weightRecipe),
      bias: weight(biasRecipe), name: score == nil ? "result" : "logits", outlivesRun: score == nil)
    guard let score else { return logits }
    return emitRow(score, logits, columns: outputs, name: "result", outlivesRun: true)
  }

  /// A row-wise op on one row, after the last layer unless a layer is given.
  mutating func emitRow(
    _ kind: OpKind, _ input: Operand, columns: Int, name: String, outlivesRun: Bool, layer: Int? = nil
  ) -> Operand {
    var op = PlanOp(kind, layer: layer ?? facts.layers + 1, rows: .one, columns: columns)
    // The lower bound of the norm in torch.nn.functional.normalize.
    if kind == .l2Normalize { op.epsilon = 1e-12 }
    op.a = input
    op.output = makeSlot(name, rows: .one, columns: columns, outlivesRun: outlivesRun)
    emit(op)
    return op.output
  }
}
