public import TaperModelSpec
import TaperPlanFormat

/// The encoder and token elimination by definition: one obvious loop after another, states in double precision, no
/// code shared with the planner or the runtime. What a plan computes is compared with this.
///
/// Selectors (TR-BERT) choose among the states that leave a layer: see `select`.
///
/// Elimination (LAT's place, PoWER-BERT's score): layer l attends over all its T(l−1) input rows; the score of row j
/// is S(j) = (1/H) Σ_heads Σ_i A[i, j]; row 0 and the T(l) − 1 other rows of largest S go on, ties to the lower
/// index, in their original order; the rest of the layer sees the kept rows only. Relative biases and positions are
/// those of the original text, and so are rotary angles and local windows. Restoring puts each dropped row's last
/// state, the input of the layer that dropped it, back before the final norm, where there is one, and the mean over all
/// n rows.
public struct NaiveEncoder: Sendable {
  public let model: ModelSpec
  let tensors: [TensorRole: [Float]]
  let linear: [TensorRole: NaiveLinear]

  /// Reads and widens every tensor of the model.
  public init(_ model: ModelSpec) throws {
    self.model = model
    var tensors: [TensorRole: [Float]] = [:]
    var linear: [TensorRole: NaiveLinear] = [:]
    func addLinear(_ weight: TensorRole, _ bias: TensorRole) throws {
      linear[weight] = NaiveLinear(
        weight: try model.tensor(weight), bias: model.has(bias) ? try model.tensor(bias) : nil,
        shape: model.shape(of: weight))
    }
    var vectors: [TensorRole] = [
      .wordEmbedding, .positionEmbedding, .embeddingNormGamma, .embeddingNormBeta, .tokenTypeEmbedding,
      .relativeBias, .positionRows, .positionNormGamma, .positionNormBeta, .finalNormGamma, .finalNormBeta,
    ]
    if model.has(.embeddingProjectionWeight) {
      try addLinear(.embeddingProjectionWeight, .embeddingProjectionBias)
    }
    for layer in 1...Int(model.shape.layers) {
      for part in [LayerPart.attentionNormGamma, .attentionNormBeta, .outputNormGamma, .outputNormBeta] {
        vectors.append(.layer(layer, part))
      }
      for (weight, bias) in [
        (LayerPart.queryWeight, LayerPart.queryBias), (.keyWeight, .keyBias), (.valueWeight, .valueBias),
        (.attentionOutputWeight, .attentionOutputBias), (.intermediateWeight, .intermediateBias),
        (.upWeight, .upBias), (.positionKeyWeight, .positionKeyBias),
        (.positionQueryWeight, .positionQueryBias),
        (.outputWeight, .outputBias),
      ] where model.has(.layer(layer, weight)) { try addLinear(.layer(layer, weight), .layer(layer, bias)) }
    }
    for role in vectors where model.has(role) { tensors[role] = try model.tensor(role) }
    for layer in model.tuned?.selector?.layers ?? [] {
      try addLinear(.selector(layer, .w1Weight), .selector(layer, .w1Bias))
      try addLinear(.selector(layer, .w2Weight), .selector(layer, .w2Bias))
    }
    for step in model.head.steps {
      switch step.operation {
      case .dense(let weight, let bias, _): try addLinear(weight, bias)
      case .layerNorm(let gamma, let beta, _):
        for role in [gamma, beta] where model.has(role) { tensors[role] = try model.tensor(role) }
      case .pool, .normalize, .sigmoid, .log1p: break
      }
    }
    if model.head.hasLinear { try addLinear(.headWeight, .headBias) }
    self.tensors = tensors
    self.linear = linear
  }

  /// Runs one input.
  /// - Parameters:
  ///   - typeIDs: as many as ids, or empty for all zero; ignored by families without token types.
  ///   - keepCounts: T(0)…T(L), non-increasing from ids.count; nil keeps every token.
  ///   - choice: who chooses the tokens that `keepCounts` limits.
  ///   - restoresDroppedTokens: whether the mean is over all n tokens' last states.
  ///   - lens: what stands there for dropped tokens instead of their last states.
  public func run(
    ids: [UInt32], typeIDs: [UInt32] = [], keepCounts: [Int]? = nil,
    choice: NaiveChoice = .attention, restoresDroppedTokens: Bool = false,
    lens: NaiveLens? = nil
  ) -> NaiveRun {
    let layers = Int(model.shape.layers)
    let counts = keepCounts ?? [Int](repeating: ids.count, count: layers + 1)
    precondition(counts.count == layers + 1 && counts[0] == ids.count && counts.last! >= 1)
    var states = embed(ids, typeIDs)
    var positions = Array(ids.indices)
    var last = states
    var run = NaiveRun(hidden: [states], positions: [positions])
    func note(dropped rows: [Int], in layer: Int) {
      guard let lens, !rows.isEmpty else { return }
      let image = lens.image(of: rows.map { states[$0] }, layer: layer)
      for row in rows { last[positions[row]] = image }
    }
    if case .words(let scores, let penalties) = choice {
      let values = ids.indices.map { token in
        let earlier = ids[..<token].count { $0 == ids[token] }
        return Double(scores[Int(ids[token])]) - Double(penalties[min(earlier, penalties.count - 1)])
      }
      let chosen = keep(counts[1], of: values)
      run.noteSelection(scores: values, kept: chosen)
      note(dropped: states.indices.filter { !chosen.contains($0) }, in: 1)
      states = chosen.map { states[$0] }
      positions = chosen
    }
    for layer in 1...layers {
      let attention = attend(layer, states, positions)
      let chosen =
        choice.readsAttention ? keep(counts[layer], of: attention.scores) : Array(states.indices)
      if choice.readsAttention { run.noteSelection(scores: attention.scores, kept: chosen) }
      note(dropped: states.indices.filter { !chosen.contains($0) }, in: layer)
      states = chosen.map { row in finish(layer, input: states[row], context: attention.context[row]) }
      positions = chosen.map { positions[$0] }
      for (position, state) in zip(positions, states) { last[position] = state }
      run.lastStates.append(last)
      if !choice.readsAttention, let kept = select(layer, states, atMost: counts[layer], choice, &run) {
        states = kept.map { states[$0] }
        positions = kept.map { positions[$0] }
      }
      run.hidden.append(states)
      run.positions.append(positions)
    }
    // A lens gives rows as the pooling reads them.
    if lens != nil {
      for (position, state) in zip(positions, finallyNormalized(states)) { last[position] = state }
    }
    applyHead(
      to: restoresDroppedTokens ? last : states,
      positions: restoresDroppedTokens ? Array(ids.indices) : positions, isNormalized: lens != nil,
      &run)
    return run
  }

  /// The states leaving `layer` for any states entering it, nothing dropped; `positions` are the rows' places in the
  /// original text.
  public func layerOutput(_ layer: Int, _ states: [[Double]], positions: [Int]) -> [[Double]] {
    let context = attend(layer, states, positions).context
    return states.indices.map { finish(layer, input: states[$0], context: context[$0]) }
  }

  private func embed(_ ids: [UInt32], _ typeIDs: [UInt32]) -> [[Double]] {
    let width = model.form.embeddingWidth
    func row(_ role: TensorRole, _ index: Int) -> ArraySlice<Float> {
      tensors[role]![index * width..<(index + 1) * width]
    }
    return ids.indices.map { index in
      var sum = row(.wordEmbedding, Int(ids[index])).map(Double.init)
      if model.has(.positionEmbedding) {
        let place = index + model.positionOffset
        for (i, x) in row(.positionEmbedding, place).enumerated() { sum[i] += Double(x) }
      }
      if model.has(.tokenTypeEmbedding) {
        let type = typeIDs.isEmpty ? 0 : Int(typeIDs[index])
        for (i, x) in row(.tokenTypeEmbedding, type).enumerated() { sum[i] += Double(x) }
      }
      let embedded = normalize(sum, .embeddingNormGamma, .embeddingNormBeta)
      return linear[.embeddingProjectionWeight]?.apply(embedded) ?? embedded
    }
  }

  /// The attention's context rows (heads concatenated) before the output projection, and each input row's score.
  private func attend(_ layer: Int, _ states: [[Double]], _ positions: [Int])
    -> (context: [[Double]], scores: [Double])
  {
    let heads = Int(model.shape.heads)
    let width = Int(model.shape.hidden) / heads
    let form = model.form.layers[layer - 1]
    let rows = states.indices
    var read = states
    if model.form.normalizesFirst, model.has(.layer(layer, .attentionNormGamma)) {
      read = states.map {
        normalize($0, .layer(layer, .attentionNormGamma), .layer(layer, .attentionNormBeta))
      }
    }
    var queries = read.map { linear[.layer(layer, .queryWeight)]!.apply($0) }
    var keys = read.map { linear[.layer(layer, .keyWeight)]!.apply($0) }
    let values = read.map { linear[.layer(layer, .valueWeight)]!.apply($0) }
    if let theta = form.rotaryTheta {
      for row in rows {
        queries[row] = NaiveMath.rotate(
          queries[row], position: positions[row], heads: heads, theta: Double(theta))
        keys[row] = NaiveMath.rotate(keys[row], position: positions[row], heads: heads, theta: Double(theta))
      }
    }
    let relative = relativePositions(layer)
    let terms = relative == nil ? 1 : 3
    var context = states.map { [Double](repeating: 0, count: $0.count) }
    var scores = [Double](repeating: 0, count: states.count)
    for head in 0..<heads {
      let columns = head * width..<(head + 1) * width
      for i in rows {
        let logits = rows.map { j in
          if let window = form.window, abs(positions[j] - positions[i]) > window { return -Double.infinity }
          var dot = 0.0
          for column in columns { dot += queries[i][column] * keys[j][column] }
          if let relative {
            let row = relative.spec.row(distance: positions[i] - positions[j])
            for column in columns {
              dot += queries[i][column] * relative.keys[row][column]
              dot += keys[j][column] * relative.queries[row][column]
            }
          }
          return dot / Double(width * terms).squareRoot()
            + bias(head: head, distance: positions[j] - positions[i])
        }
        for (j, probability) in NaiveMath.softmax(logits).enumerated() {
          scores[j] += probability / Double(heads)
          for column in columns { context[i][column] += probability * values[j][column] }
        }
      }
    }
    return (context, scores)
  }

  /// DeBERTa's relative positions as keys and as queries of a layer.
  private func relativePositions(
    _ layer: Int
  ) -> (spec: DisentangledSpec, keys: [[Double]], queries: [[Double]])? {
    guard let spec = model.form.disentangled, let table = tensors[.positionRows] else { return nil }
    let hidden = Int(model.shape.hidden)
    var rows = (0..<2 * spec.span).map { row in table[row * hidden..<(row + 1) * hidden].map(Double.init) }
    if tensors[.positionNormGamma] != nil {
      rows = rows.map { normalize($0, .positionNormGamma, .positionNormBeta) }
    }
    let (key, query): (LayerPart, LayerPart) =
      spec.sharesProjections ? (.keyWeight, .queryWeight) : (.positionKeyWeight, .positionQueryWeight)
    return (
      spec, rows.map { linear[.layer(layer, key)]!.apply($0) },
      rows.map { linear[.layer(layer, query)]!.apply($0) }
    )
  }

  private func bias(head: Int, distance: Int) -> Double {
    guard let relativeBias = model.relativeBias, let table = tensors[.relativeBias] else { return 0 }
    return Double(table[relativeBias.bucket(distance: distance) * Int(model.shape.heads) + head])
  }

  /// Row 0 and the `count` − 1 others of largest score, ascending.
  func keep(_ count: Int, of scores: [Double]) -> [Int] {
    let order = scores.indices.dropFirst().sorted { (scores[$0], $1) > (scores[$1], $0) }
    return [0] + order.prefix(count - 1).sorted()
  }

  /// Output projection, residual and norm; then the feed-forward block with its residual and norm. Or, where norms come
  /// first: output projection and residual; then norm, feed-forward block and residual.
  private func finish(_ layer: Int, input: [Double], context: [Double]) -> [Double] {
    let projected = linear[.layer(layer, .attentionOutputWeight)]!.apply(context)
    let sum = zip(input, projected).map { $0 + $1 }
    let outputNorm = (TensorRole.layer(layer, .outputNormGamma), TensorRole.layer(layer, .outputNormBeta))
    if model.form.normalizesFirst {
      let outer = feedForward(layer, normalize(sum, outputNorm.0, outputNorm.1))
      return zip(sum, outer).map { $0 + $1 }
    }
    let attended = normalize(sum, .layer(layer, .attentionNormGamma), .layer(layer, .attentionNormBeta))
    let outer = feedForward(layer, attended)
    return normalize(zip(attended, outer).map { $0 + $1 }, outputNorm.0, outputNorm.1)
  }

  private func feedForward(_ layer: Int, _ x: [Double]) -> [Double] {
    var inner = linear[.layer(layer, .intermediateWeight)]!.apply(x)
      .map { NaiveMath.activate($0, model.activation) }
    if let up = linear[.layer(layer, .upWeight)] { inner = zip(inner, up.apply(x)).map { $0 * $1 } }
    return linear[.layer(layer, .outputWeight)]!.apply(inner)
  }

  func normalize(_ x: [Double], _ gamma: TensorRole, _ beta: TensorRole) -> [Double] {
    NaiveMath.layerNorm(
      x, gamma: tensors[gamma]!, beta: tensors[beta] ?? [Float](repeating: 0, count: x.count),
      epsilon: Double(model.layerNormEpsilon))
  }
}
