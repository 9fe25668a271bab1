import TaperModelSpec
import TaperPlanFormat

extension GraphBuilder {
  /// A layer: attention, elimination when the layer drops tokens by attention, output projection, FFN, and selection when
  /// it drops them by a selector. Queries and keys have T(l−1) rows, everything after elimination T(l). Norms follow the
  /// residual sums, or come before attention and FFN (`EncoderForm.normalizesFirst`).
  mutating func emitLayer(_ layer: Int, input: Operand) -> Operand {
    let hidden = facts.hidden
    let before = entering(layer)
    let drops = options.reducingLayers.contains(layer) && !choosesWords(before: layer)
    let selector = drops && options.selection != nil ? facts.selector : nil
    let reduces = drops && selector == nil
    // A layer that never drops has T(l) = T(l−1). Either symbol would do; this one keeps shapes comparable. A selector
    // drops rows after the rest of the layer.
    let after = selector == nil ? RowCount.tokens(after: layer) : before
    let observesHidden = selector == nil && options.instrumentation.contains(.hiddenStates)

    let first = facts.form.normalizesFirst
    var read = input
    if first, has(layer, .attentionNormGamma) {
      beginGroup()
      read = emitLayerNorm(
        input, layer: layer, rows: before,
        norm(layer, .attentionNormGamma, .attentionNormBeta, "attention.norm"),
        name: "layer.\(layer).normalized")
    }
    var query = emitProjection(read, layer: layer, .queryWeight, .queryBias, name: "query")
    var key = emitProjection(read, layer: layer, .keyWeight, .keyBias, name: "key")
    let value = emitProjection(read, layer: layer, .valueWeight, .valueBias, name: "value")

    beginGroup()
    if let theta = facts.form(of: layer).rotaryTheta {
      query = emitRotation(query, theta: theta, layer: layer, name: "query.rotated")
      key = emitRotation(key, theta: theta, layer: layer, name: "key.rotated")
    }
    var context = makeSlot("layer.\(layer).context", rows: before, columns: hidden)
    var kept: Operand?
    var residual = input
    if options.instrumentation.contains(.importance) || facts.form.disentangled != nil {
      let scores = emitScores(layer, query, key, condition: .always)
      if reduces { kept = emitElimination(layer, input: input, partialScores: scores.partial) }
      emitContext(layer, scores.probabilities, value, output: context, condition: .always)
    } else {
      emitAttention(layer, query, key, value, output: context, condition: reduces ? .ifNotReduced : .always)
    }
    if reduces, kept == nil {
      let scores = emitScores(layer, query, key, condition: .ifReduced)
      kept = emitElimination(layer, input: input, partialScores: scores.partial)
      emitContext(layer, scores.probabilities, value, output: context, condition: .ifReduced)
    }
    if let kept {
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
    let attendedName = "layer.\(layer).attended"
    let stateName = selector == nil ? hiddenName(layer) : "layer.\(layer).finished"
    let state: Operand
    if first {
      let attended = emitSum(projected, residual, layer: layer, rows: after, name: attendedName)
      let normalized = emitLayerNorm(
        attended, layer: layer, rows: after, norm(layer, .outputNormGamma, .outputNormBeta, "output.norm"),
        name: "layer.\(layer).attended.normalized")
      let output = emitFeedForward(normalized, layer: layer, rows: after)
      state = emitSum(
        output, attended, layer: layer, rows: after, name: stateName, outlivesRun: observesHidden)
    } else {
      let attended = emitLayerNorm(
        emitSum(projected, residual, layer: layer, rows: after, name: attendedName + ".sum"),
        layer: layer, rows: after, norm(layer, .attentionNormGamma, .attentionNormBeta, "attention.norm"),
        name: attendedName)
      let output = emitFeedForward(attended, layer: layer, rows: after)
      state = emitLayerNorm(
        emitSum(output, attended, layer: layer, rows: after, name: stateName + ".sum"), layer: layer,
        rows: after, norm(layer, .outputNormGamma, .outputNormBeta, "output.norm"), name: stateName,
        outlivesRun: observesHidden)
    }
    if let rule = options.halting { emitAnswer(state, rows: after, after: layer, rule: rule) }
    guard let selector, let selection = options.selection else { return state }
    return emitSelection(selector, selection, layer: layer, state: state)
  }

  /// W₂·act(W₁·x), or W₂·(act(W₁·x) ⊙ U·x) where the model is gated.
  private mutating func emitFeedForward(_ input: Operand, layer: Int, rows: RowCount) -> Operand {
    let (hidden, inner) = (facts.hidden, facts.feedForward)
    var intermediate = emitLinear(
      input, layer: layer, rows: rows, columns: inner, depth: hidden,
      weight: layerWeight(layer, .intermediateWeight, "intermediate.weight", [inner, hidden]),
      bias: layerWeight(layer, .intermediateBias, "intermediate.bias", [inner]),
      activation: facts.form.isGated ? .none : facts.activation, name: "layer.\(layer).intermediate")
    if facts.form.isGated {
      let up = emitLinear(
        input, layer: layer, rows: rows, columns: inner, depth: hidden,
        weight: layerWeight(layer, .upWeight, "up.weight", [inner, hidden]),
        bias: layerWeight(layer, .upBias, "up.bias", [inner]), name: "layer.\(layer).up")
      beginGroup()
      var gate = PlanOp(.gate, layer: layer, rows: rows, columns: inner)
      gate.activation = facts.activation
      gate.a = intermediate
      gate.b = up
      gate.output = makeSlot("layer.\(layer).gated", rows: rows, columns: inner)
      emit(gate)
      intermediate = gate.output
    }
    return emitLinear(
      intermediate, layer: layer, rows: rows, columns: hidden, depth: inner,
      weight: layerWeight(layer, .outputWeight, "output.weight", [hidden, inner]),
      bias: layerWeight(layer, .outputBias, "output.bias", [hidden]), name: "layer.\(layer).output")
  }

  /// Queries or keys turned by the angles of their rows' original positions.
  private mutating func emitRotation(_ input: Operand, theta: Float, layer: Int, name: String) -> Operand {
    let headSize = facts.hidden / facts.heads
    var rotate = PlanOp(
      .rotate, layer: layer, rows: entering(layer), columns: facts.hidden, depth: headSize)
    rotate.heads = UInt16(facts.heads)
    rotate.extent = UInt32(options.maximumLength)
    rotate.table0 = weight(
      WeightRecipe(
        name: "rotary.\(theta)", shape: [options.maximumLength, headSize], source: .rotaryAngles(theta: theta)
      ))
    if movesRows(before: layer) { rotate.origin = origin }
    rotate.a = input
    rotate.output = makeSlot("layer.\(layer).\(name)", rows: rotate.rows, columns: facts.hidden)
    emit(rotate)
    return rotate.output
  }

  /// Whether rows are no longer at their original positions because some may have been dropped before the layer.
  private func movesRows(before layer: Int) -> Bool {
    options.reducingLayers.contains { $0 < layer || choosesWords(before: $0) }
  }

  /// Whether the layer drops its tokens, by their words, before it begins.
  private func choosesWords(before layer: Int) -> Bool { options.words != nil && layer == 1 }

  /// The rows that enter a layer, without those it drops before it begins.
  private func entering(_ layer: Int) -> RowCount {
    .tokens(after: choosesWords(before: layer) ? layer : layer - 1)
  }

  private mutating func emitProjection(
    _ input: Operand, layer: Int, _ weight: LayerPart, _ bias: LayerPart, name: String
  ) -> Operand {
    let hidden = facts.hidden
    return emitLinear(
      input, layer: layer, rows: entering(layer), columns: hidden, depth: hidden,
      weight: layerWeight(layer, weight, name + ".weight", [hidden, hidden]),
      bias: layerWeight(layer, bias, name + ".bias", [hidden]), name: "layer.\(layer).\(name)")
  }

  private func has(_ layer: Int, _ part: LayerPart) -> Bool {
    !facts.form.absent.contains(.layer(layer, part))
  }

  /// A tensor of the layer, or of the first one that has the same; none where the model has none.
  private mutating func layerWeight(
    _ layer: Int, _ part: LayerPart, _ name: String, _ shape: [Int]
  ) -> WeightReference {
    let stored = facts.form(of: layer).storedAs
    return optional("layer.\(stored).\(name)", shape, .layer(stored, part))
  }

  private mutating func norm(_ layer: Int, _ gamma: LayerPart, _ beta: LayerPart, _ name: String) -> Norm {
    let stored = facts.form(of: layer).storedAs
    return norm("layer.\(stored).\(name)", facts.hidden, .layer(stored, gamma), .layer(stored, beta))
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
    let before = entering(layer)
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
    var scores = attentionOp(facts.form.disentangled == nil ? .attentionScores : .disentangledScores, layer)
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
    weighted.table0 = .none
    weighted.table1 = .none
    weighted.b = probabilities
    weighted.c = value
    weighted.output = output
    emit(weighted)
  }

  private mutating func attentionOp(_ kind: OpKind, _ layer: Int) -> PlanOp {
    let before = entering(layer)
    let headSize = facts.hidden / facts.heads
    var op = PlanOp(
      kind, layer: layer, rows: before, innerRows: before, columns: facts.hidden, depth: headSize)
    op.heads = UInt16(facts.heads)
    op.scale = 1 / Float(headSize * (facts.form.disentangled == nil ? 1 : 3)).squareRoot()
    if facts.form.disentangled != nil {
      op.extent = UInt32(options.maximumLength)
      op.table0 = distanceRows(layer, forQueries: true)
      op.table1 = distanceRows(layer, forQueries: false)
      if movesRows(before: layer) { op.origin = origin }
    }
    if let (name, source) = distanceTable(layer) {
      let reach = options.maximumLength
      op.bias = weight(WeightRecipe(name: name, shape: [facts.heads, 2 * reach - 1], source: source))
      op.extent = UInt32(reach)
      if movesRows(before: layer) { op.origin = origin }
    }
    return op
  }

  private mutating func distanceRows(_ layer: Int, forQueries: Bool) -> WeightReference {
    let (stored, reach) = (facts.form(of: layer).storedAs, options.maximumLength)
    return weight(
      WeightRecipe(
        name: "layer.\(stored).\(forQueries ? "key" : "query").positions",
        shape: [2 * reach - 1, facts.hidden],
        source: .rowsByDistance(layer: stored, forQueries: forQueries, reach: reach)))
  }

  /// What attention adds by distance, with its name: a relative bias, or a local window where inputs can be longer.
  private func distanceTable(_ layer: Int) -> (name: String, source: WeightRecipe.Source)? {
    let reach = options.maximumLength
    if facts.hasRelativeBias { return ("relative_bias", .relativeBias(reach: reach)) }
    guard let window = facts.form(of: layer).window, window < reach - 1 else { return nil }
    return ("window.\(window)", .window(window, reach: reach))
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
