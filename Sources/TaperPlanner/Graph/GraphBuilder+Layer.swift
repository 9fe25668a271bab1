import TaperModelSpec
import TaperPlanFormat

extension GraphBuilder {
  /// A post-norm layer: attention, elimination when the layer drops tokens by attention, output projection, FFN, and
  /// selection when it drops them by a selector. Queries and keys have T(l−1) rows, everything after elimination T(l).
  mutating func emitLayer(_ layer: Int, input: Operand) -> Operand {
    let hidden = facts.hidden
    let before = RowCount.tokens(after: layer - 1)
    let drops = options.reducingLayers.contains(layer)
    let selector = drops && options.selection != nil ? facts.selector : nil
    let reduces = drops && selector == nil
    // A layer that never drops has T(l) = T(l−1). Either symbol would do; this one keeps shapes comparable. A selector
    // drops rows after the rest of the layer.
    let after = selector == nil ? RowCount.tokens(after: layer) : before
    let observesHidden = selector == nil && options.instrumentation.contains(.hiddenStates)

    let query = emitProjection(input, layer: layer, .queryWeight, .queryBias, name: "query")
    let key = emitProjection(input, layer: layer, .keyWeight, .keyBias, name: "key")
    let value = emitProjection(input, layer: layer, .valueWeight, .valueBias, name: "value")

    beginGroup()
    var context = makeSlot("layer.\(layer).context", rows: before, columns: hidden)
    var residual = input
    if options.instrumentation.contains(.importance) {
      let scores = emitScores(layer, query, key, condition: .always)
      emitContext(layer, scores.probabilities, value, output: context, condition: .always)
    } else {
      emitAttention(layer, query, key, value, output: context, condition: reduces ? .ifNotReduced : .always)
    }
    if reduces {
      let scores = emitScores(layer, query, key, condition: .ifReduced)
      let kept = emitElimination(layer, input: input, partialScores: scores.partial)
      emitContext(layer, scores.probabilities, value, output: context, condition: .ifReduced)
      context = emitGather(
        context, index: kept, layer: layer, rows: after, columns: hidden, name: "layer.\(layer).context.kept")
      residual = emitGather(
        input, index: kept, layer: layer, rows: after, columns: hidden, name: "layer.\(layer).input.kept")
    }

    let projected = emitLinear(
      context, layer: layer, rows: after, columns: hidden, depth: hidden,
      weight: layerWeight(layer, .attentionOutputWeight, "attention.output.weight", [hidden, hidden]),
      bias: layerWeight(layer, .attentionOutputBias, "attention.output.bias", [hidden]),
      name: "layer.\(layer).attention.output")
    let attended = emitResidualNorm(
      projected, residual: residual, layer: layer, rows: after,
      gamma: layerWeight(layer, .attentionNormGamma, "attention.norm.gamma", [hidden]),
      beta: layerWeight(layer, .attentionNormBeta, "attention.norm.beta", [hidden]),
      name: "layer.\(layer).attended")

    let intermediate = emitLinear(
      attended, layer: layer, rows: after, columns: facts.feedForward, depth: hidden,
      weight: layerWeight(layer, .intermediateWeight, "intermediate.weight", [facts.feedForward, hidden]),
      bias: layerWeight(layer, .intermediateBias, "intermediate.bias", [facts.feedForward]),
      activation: facts.activation, name: "layer.\(layer).intermediate")
    let output = emitLinear(
      intermediate, layer: layer, rows: after, columns: hidden, depth: facts.feedForward,
      weight: layerWeight(layer, .outputWeight, "output.weight", [hidden, facts.feedForward]),
      bias: layerWeight(layer, .outputBias, "output.bias", [hidden]), name: "layer.\(layer).output")
    let state = emitResidualNorm(
      output, residual: attended, layer: layer, rows: after,
      gamma: layerWeight(layer, .outputNormGamma, "output.norm.gamma", [hidden]),
      beta: layerWeight(layer, .outputNormBeta, "output.norm.beta", [hidden]),
      name: selector == nil ? hiddenName(layer) : "layer.\(layer).finished", outlivesRun: observesHidden)
    if let rule = options.halting { emitAnswer(state, rows: after, after: layer, rule: rule) }
    guard let selector, let selection = options.selection else { return state }
    return emitSelection(selector, selection, layer: layer, state: state)
  }

  private mutating func emitProjection(
    _ input: Operand, layer: Int, _ weight: LayerPart, _ bias: LayerPart, name: String
  ) -> Operand {
    let hidden = facts.hidden
    return emitLinear(
      input, layer: layer, rows: .tokens(after: layer - 1), columns: hidden, depth: hidden,
      weight: layerWeight(layer, weight, name + ".weight", [hidden, hidden]),
      bias: layerWeight(layer, bias, name + ".bias", [hidden]), name: "layer.\(layer).\(name)")
  }

  private mutating func layerWeight(
    _ layer: Int, _ part: LayerPart, _ name: String, _ shape: [Int]
  ) -> WeightReference {
    weight("layer.\(layer).\(name)", shape, .layer(layer, part))
  }

  // MARK: Attention

  private mutating func emitAttention(
    _ layer: Int, _ query: Operand, _ key: Operand, _ value: Operand, output: Operand, condition: OpGuard
  ) {
    var attention = attentionOp(.attention, layer)
    attention.condition = condition
    attention.a = query
    attention.b = key
    attention.c = value
    attention.output = output
    emit(attention)
  }

  /// All probabilities, and their column sums: the per-head partial token scores.
  private mutating func emitScores(
    _ layer: Int, _ query: Operand, _ key: Operand, condition: OpGuard
  ) -> (probabilities: Operand, partial: Operand) {
    let before = RowCount.tokens(after: layer - 1)
    let observed = options.instrumentation.contains(.importance)
    var probabilities = makeSlot(
      "layer.\(layer).probabilities", copies: facts.heads, rows: before, innerRows: before, columns: 1)
    var partial = makeSlot(
      observed ? "importance.\(layer)" : "layer.\(layer).scores", copies: facts.heads, rows: before,
      columns: 1,
      outlivesRun: observed)
    // The leading dimension of both is the number of keys, which varies; the driver knows it, so it is 0 here.
    probabilities.leading = 0
    partial.leading = 0
    var scores = attentionOp(.attentionScores, layer)
    scores.condition = condition
    scores.a = query
    scores.b = key
    scores.output = probabilities
    scores.output2 = partial
    emit(scores)
    return (probabilities, partial)
  }

  /// Probabilities times values, for every row.
  private mutating func emitContext(
    _ layer: Int, _ probabilities: Operand, _ value: Operand, output: Operand, condition: OpGuard
  ) {
    var weighted = attentionOp(.attentionContext, layer)
    weighted.condition = condition
    weighted.bias = .none
    weighted.origin = .none
    weighted.extent = 0
    weighted.b = probabilities
    weighted.c = value
    weighted.output = output
    emit(weighted)
  }

  private mutating func attentionOp(_ kind: OpKind, _ layer: Int) -> PlanOp {
    let before = RowCount.tokens(after: layer - 1)
    let headSize = facts.hidden / facts.heads
    var op = PlanOp(
      kind, layer: layer, rows: before, innerRows: before, columns: facts.hidden, depth: headSize)
    op.heads = UInt16(facts.heads)
    op.scale = 1 / Float(headSize).squareRoot()
    if facts.hasRelativeBias {
      let reach = options.maximumLength
      op.bias = weight(
        WeightRecipe(
          name: "relative_bias", shape: [facts.heads, 2 * reach - 1], source: .relativeBias(reach: reach)))
      op.extent = UInt32(reach)
      // Rows are no longer at their original positions once an earlier layer dropped some.
      if options.reducingLayers.contains(where: { $0 < layer }) { op.origin = origin }
    }
    return op
  }

  // MARK: Elimination

  /// Chooses rows of the layer's input by attention. Returns the numbers of the kept rows.
  private mutating func emitElimination(_ layer: Int, input: Operand, partialScores: Operand) -> Operand {
    let before = RowCount.tokens(after: layer - 1)
    let after = RowCount.tokens(after: layer)
    var select = PlanOp(.select, layer: layer, rows: after, innerRows: before)
    select.condition = .ifReduced
    select.heads = UInt16(facts.heads)
    select.a = partialScores
    return emitChoice(select, of: input)
  }
}
