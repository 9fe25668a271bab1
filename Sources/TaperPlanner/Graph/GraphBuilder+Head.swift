import TaperModelSpec
import TaperPlanFormat

extension GraphBuilder {
  /// The head's steps in their order, the linear layer and the scores (`HeadSpec`): on every token's state up to the
  /// pooling, then on one row.
  mutating func emitHead(_ states: Operand, override: HeadOverride?) {
    let head = facts.head
    let layer = facts.layers + 1
    let hasLinear = head.hasLinear || override != nil
    let observed = options.instrumentation.contains(.features)
    beginGroup()
    var rows = RowCount.tokens(after: facts.layers)
    var state = states
    // A lens gives states as the pooling reads them.
    if options.readsLens { state = emitFinalNorm(state, rows: rows, layer: layer) }
    state = emitRestoring(state, rows: &rows, layer: layer)
    if head.pooling == .tokens { rows = .input }
    if !options.readsLens { state = emitFinalNorm(state, rows: rows, layer: layer) }
    var width = facts.hidden
    for (number, step) in head.steps.enumerated() {
      let isLast = number == head.steps.count - 1
      var isReadOut = false
      if case .pool(let pooling) = step.operation {
        // The result and the features have a row of their own; other steps read the first token's where it is.
        isReadOut = options.instrumentation.contains(.readOut)
        if pooling == .cls, !isLast, !isReadOut {
          rows = .one
          continue
        }
      }
      // What the last step leaves are the features.
      state = emitStep(
        step, state, rows: &rows, columns: width, layer: layer,
        name: isReadOut ? "readout" : isLast && observed ? "features" : step.name,
        outlivesRun: isReadOut || isLast && (observed || !hasLinear))
      width = step.width
    }
    if hasLinear { state = emitLinearHead(state, rows: rows, columns: width, override: override) }
    graph.result = state.slot
  }

  /// - Parameters:
  ///   - rows: of the input; of the result, one, after pooling.
  ///   - columns: of the input.
  private mutating func emitStep(
    _ step: HeadStep, _ input: Operand, rows: inout RowCount, columns: Int, layer: Int, name: String,
    outlivesRun: Bool
  ) -> Operand {
    switch step.operation {
    case .pool(let pooling):
      let pooled = emitPooling(
        pooling, input, rows: rows, columns: columns, layer: layer, name: name, outlivesRun: outlivesRun)
      rows = .one
      return pooled
    case .dense(let weight, let bias, let activation):
      return emitLinear(
        input, layer: layer, rows: rows, columns: step.width, depth: columns,
        weight: self.weight("\(step.weights).weight", [step.width, columns], weight),
        bias: optional("\(step.weights).bias", [step.width], bias), activation: activation, name: name,
        outlivesRun: outlivesRun)
    case .layerNorm(let gamma, let beta, let epsilon):
      return emitLayerNorm(
        input, layer: layer, rows: rows, norm(step.weights, columns, gamma, beta), epsilon: epsilon,
        name: name,
        outlivesRun: outlivesRun)
    case .normalize: return emitFunction(.l2Normalize)
    case .sigmoid: return emitFunction(.sigmoid)
    case .log1p: return emitFunction(.log1p)
    }
    func emitFunction(_ kind: OpKind) -> Operand {
      emitRowFunction(
        kind, input, rows: rows, columns: columns, name: name, outlivesRun: outlivesRun, layer: layer)
    }
  }

  /// The pooled states that leave `layer`, as one row; all tokens' last states where dropped ones are restored. The
  /// final norm comes before.
  mutating func emitPooled(_ states: Operand, rows: RowCount, after layer: Int, name: String) -> Operand {
    let place = layer == facts.layers ? layer + 1 : layer
    var rows = rows
    let states = emitRestoring(states, rows: &rows, layer: place)
    return emitPooling(
      facts.head.pooling, emitFinalNorm(states, rows: rows, layer: place), rows: rows, columns: facts.hidden,
      layer: place, name: name, outlivesRun: false)
  }

  /// One row of several; the first row is computed as the mean of that row.
  private mutating func emitPooling(
    _ pooling: Pooling, _ input: Operand, rows: RowCount, columns: Int, layer: Int, name: String,
    outlivesRun: Bool
  ) -> Operand {
    let kind: OpKind =
      switch pooling {
      case .mean, .cls, .tokens: .mean
      case .max: .largest
      case .sum, .meanSqrtLength: .sum
      case .weightedMean: .weightedMean
      case .lastToken: .lastRow
      }
    var pool = PlanOp(
      kind, layer: layer, rows: .one, innerRows: pooling == .cls ? .one : rows, columns: columns)
    if kind == .sum { pool.scale = pooling == .meanSqrtLength ? 0.5 : 0 }
    // Row i is at position i unless tokens were dropped and not restored.
    if pooling == .weightedMean, rows != .input { pool.origin = origin }
    pool.a = input
    pool.output = makeSlot(name, rows: .one, columns: columns, outlivesRun: outlivesRun)
    emit(pool)
    return pool.output
  }

  /// The norm after the last layer, of encoders that normalise first; else the states as they are.
  private mutating func emitFinalNorm(_ states: Operand, rows: RowCount, layer: Int) -> Operand {
    guard facts.form.normalizesFirst else { return states }
    return emitLayerNorm(
      states, layer: layer, rows: rows, norm("final.norm", facts.hidden, .finalNormGamma, .finalNormBeta),
      name: "final")
  }

  /// Puts the states of the remaining tokens next to those of the dropped ones, in original order, where the head
  /// reads those too and some token was dropped.
  private mutating func emitRestoring(_ states: Operand, rows: inout RowCount, layer: Int) -> Operand {
    let before = rows.layer ?? 0
    guard facts.head.pooling != .cls, !restored.isNone,
      options.reducingLayers.contains(where: { $0 <= before })
    else { return states }
    var scatter = PlanOp(.scatter, layer: layer, rows: rows, innerRows: rows, columns: facts.hidden)
    scatter.a = states
    scatter.origin = origin
    scatter.output = restored
    emit(scatter)
    rows = .input
    return restored
  }

  /// The linear layer and what its numbers go through to be the answer.
  private mutating func emitLinearHead(
    _ features: Operand, rows: RowCount, columns: Int, override: HeadOverride?
  ) -> Operand {
    let outputs = override?.bias.count ?? facts.head.outputWidth
    let kind = override?.kind ?? facts.head.kind
    let weightRecipe = WeightRecipe(
      name: "head.weight", shape: [outputs, columns],
      source: override == nil ? .tensors([.headWeight]) : .fitted(.headWeight))
    let biasRecipe = WeightRecipe(
      name: "head.bias", shape: [outputs],
      source: override == nil ? .tensors([.headBias]) : .fitted(.headBias))
    let score: OpKind? =
      switch kind {
      case .classification, .tokenClassification: .softmax
      case .multiLabel: .sigmoid
      case .regression where override == nil && facts.head.hasSigmoid: .sigmoid
      case .regression, .embedding, .sparse, .tokenVectors: nil
      }
    let logits = emitLinear(
      features, layer: facts.layers + 1, rows: rows, columns: outputs, depth: columns,
      weight: weight(weightRecipe),
      bias: weight(biasRecipe), name: score == nil ? "result" : "logits", outlivesRun: score == nil)
    guard let score else { return logits }
    return emitRowFunction(score, logits, rows: rows, columns: outputs, name: "result", outlivesRun: true)
  }

  /// A function of each row alone, after the last layer unless a layer is given.
  mutating func emitRowFunction(
    _ kind: OpKind, _ input: Operand, rows: RowCount = .one, columns: Int, name: String, outlivesRun: Bool,
    layer: Int? = nil
  ) -> Operand {
    var op = PlanOp(kind, layer: layer ?? facts.layers + 1, rows: rows, columns: columns)
    // The lower bound of the norm in torch.nn.functional.normalize.
    if kind == .l2Normalize { op.epsilon = 1e-12 }
    op.a = input
    op.output = makeSlot(name, rows: rows, columns: columns, outlivesRun: outlivesRun)
    emit(op)
    return op.output
  }
}
