import TaperModelSpec
import TaperPlanFormat

/// Finds the encoder in a graph by data flow: from each softmax back to its query and key, forward to value, output,
/// norms and feed-forward block, from the first layer back to the embeddings, from the last one on to the heads. No
/// name is read.
///
/// This proposes which constant is which weight and reads what must be told (heads, activation, epsilon). That nothing
/// was overlooked is proven afterwards, by comparing answers (`ImportProof`); so it need not look at every operation.
struct EncoderRecognition {
  let blocks: GraphBlocks
  private(set) var facts = GraphFacts()
  private(set) var tensors: [TensorRole: RecognisedTensor] = [:]
  /// By output name, in the graph's order.
  private(set) var heads: [(name: String, value: Int, head: GraphHead)] = []
  private var layerInput = -1
  private(set) var lastNorm = -1

  var evaluation: GraphEvaluation { blocks.evaluation }
  var graph: ModelGraph { blocks.graph }

  /// What config.json may say, too.
  private static let layerLimit = 1000

  /// The ids of the run that recognition looks at: all different, and none that stands for padding anywhere.
  static let probe = [7, 11, 5, 13, 6, 12, 9]

  init(_ graph: ModelGraph) throws(ImportError) {
    let ids =
      graph.fixedLength.map { length in (0..<length).map { Self.probe[$0 % Self.probe.count] } } ?? Self.probe
    let evaluation = try GraphEvaluation(
      graph, ids: ids, types: [Int](repeating: 0, count: ids.count), keepsAll: true)
    blocks = try GraphBlocks(evaluation)
    try findLayers()
    try findEmbeddings()
    try findHeads()
  }

  func fail(_ part: String, _ expected: String, _ found: String) -> ImportError {
    .unrecognised(path: graph.path, part: part, expected: expected, found: found)
  }

  // MARK: Layers

  private mutating func findLayers() throws(ImportError) {
    var found: [LayerBlocks] = []
    for (index, block) in blocks.blocks.enumerated() {
      guard case .softmax = block.kind, block.sources.contains(where: { isProduct($0) }) else { continue }
      guard found.count < Self.layerLimit else {
        throw .tooLarge(path: graph.path, what: "layers", limit: Self.layerLimit)
      }
      found.append(try LayerBlocks(self, softmax: index, layer: found.count + 1))
    }
    guard let first = found.first, let last = found.last else {
      throw fail("its layers", "attention: a softmax over products of queries and keys", "none")
    }
    facts.layers = found.count
    facts.normalizesFirst = !blocks.blocks[first.outputNorm].sources.contains(first.attentionNorm)
    layerInput = first.input
    lastNorm = last.outputNorm
    for (index, layer) in found.enumerated() { try take(layer, index + 1) }
    if facts.normalizesFirst {
      try takeNorm(last.outputNorm, .finalNormGamma, .finalNormBeta, "the last norm")
    }
  }

  func isProduct(_ block: Int) -> Bool {
    if case .product = blocks.blocks[block].kind { true } else { false }
  }
  func isLinear(_ block: Int) -> Bool { if case .linear = blocks.blocks[block].kind { true } else { false } }
  func isNorm(_ block: Int) -> Bool { if case .norm = blocks.blocks[block].kind { true } else { false } }

  private mutating func take(_ layer: LayerBlocks, _ number: Int) throws(ImportError) {
    let part = "layer \(number)"
    let shape = try evaluation.tensor(blocks.blocks[layer.softmax].output).shape
    let tokens = evaluation.ids.count
    let scores = shape.reduce(1, *)
    guard scores % (tokens * tokens) == 0, shape.last == tokens else {
      throw fail("\(part), attention", "scores of [heads, tokens, tokens]", "\(shape)")
    }
    let hidden = try size(layer.query).depth
    try agree("heads", &facts.heads, scores / (tokens * tokens), number)
    try agree("the hidden size", &facts.hidden, hidden, number)
    for (name, block, target) in [
      (LayerPart.queryWeight, layer.query, layer.queryTarget), (.keyWeight, layer.key, layer.keyTarget),
      (.valueWeight, layer.value, layer.valueTarget),
    ] {
      try takePart(block, feeding: target, hidden, .layer(number, name), .layer(number, bias(of: name)), part)
    }
    try takeLinear(
      layer.attentionOutput, .layer(number, .attentionOutputWeight), .layer(number, .attentionOutputBias),
      sumOf: layer.attentionNorm)
    try takeFeedForward(layer, number)
    if facts.normalizesFirst {
      if let norm = layer.inputNorm,
        number > 1 || norm != layer.input || blocks.blocks[norm].sources.contains(where: isNorm)
      {
        try takeNorm(norm, .layer(number, .attentionNormGamma), .layer(number, .attentionNormBeta), part)
      }
      try takeNorm(
        layer.attentionNorm, .layer(number, .outputNormGamma), .layer(number, .outputNormBeta), part)
    } else {
      try takeNorm(
        layer.attentionNorm, .layer(number, .attentionNormGamma), .layer(number, .attentionNormBeta), part)
      try takeNorm(layer.outputNorm, .layer(number, .outputNormGamma), .layer(number, .outputNormBeta), part)
    }
  }

  private func bias(of weight: LayerPart) -> LayerPart {
    switch weight {
    case .queryWeight: .queryBias
    case .keyWeight: .keyBias
    default: .valueBias
    }
  }

  private func agree(_ name: String, _ fact: inout Int, _ value: Int, _ layer: Int) throws(ImportError) {
    guard layer == 1 || fact == value else {
      throw fail("layer \(layer)", "\(name) \(fact), as before", "\(value)")
    }
    fact = value
  }

  /// Rows and columns of a linear layer's weight.
  func size(_ block: Int) throws(ImportError) -> (depth: Int, columns: Int) {
    guard case .linear(let linear) = blocks.blocks[block].kind else { return (0, 0) }
    let (weight, isTransposed) = (linear.weight, linear.isTransposed)
    let shape: [Int]
    if let constant = graph.constants[weight] {
      // More axes before its own two are of one batch.
      shape = constant.shape.dropLast(2).allSatisfy { $0 == 1 } ? constant.shape.suffix(2) : constant.shape
    } else {
      // The value says as much as the weight, which may have to be computed.
      let columns = try evaluation.tensor(blocks.blocks[block].output).shape.last ?? 0
      let depth = try evaluation.tensor(blocks.blocks[block].input).shape.last ?? 0
      shape = isTransposed ? [columns, depth] : [depth, columns]
    }
    guard shape.count == 2, shape[0] > 0, shape[1] > 0 else {
      throw fail(blocks.describe(block), "a weight matrix", "the shape \(shape)")
    }
    return isTransposed ? (shape[1], shape[0]) : (shape[0], shape[1])
  }

  /// A linear layer that is one role, with its bias: directly after it, or a constant among the summands of a norm.
  mutating func takeLinear(
    _ block: Int, _ weight: TensorRole, _ bias: TensorRole, sumOf norm: Int? = nil
  ) throws(ImportError) {
    let columns = try size(block).columns
    let affine = try takeWeight(block, part: 0, of: 1, weight)
    var sum = affine.bias
    if sum == nil, let norm {
      for term in blocks.terms(blocks.blocks[norm].input) {
        if let vector = try blocks.vector(term, width: columns) {
          sum = sum.map { zip($0, vector).map { $0 + $1 } } ?? vector
        }
      }
    }
    if let sum { tensors[bias] = .vector(sum) }
  }

  /// One of equal parts of a linear layer's outputs, from 0.
  /// - Returns: what follows the layer.
  @discardableResult
  private mutating func takeWeight(
    _ block: Int, part: Int, of parts: Int, _ role: TensorRole
  ) throws(ImportError) -> GraphBlocks.Affine {
    guard case .linear(let linear) = blocks.blocks[block].kind else {
      throw fail(role.rawValue, "a linear layer", blocks.describe(block))
    }
    let (depth, columns) = try size(block)
    let affine = try blocks.affine(block, width: columns, scales: linear.isInteger)
    tensors[role] = .weight(
      linear, columnFactors: affine.factors,
      rowFactors: try blocks.factorsBefore(block, width: depth).factors,
      part: part, parts: parts)
    return affine
  }

  /// A linear layer, or the part of one, that feeds `target`. Which part is found by trying: of a result that is zero
  /// but for one part, `target` is zero unless it depends on that part.
  private mutating func takePart(
    _ block: Int, feeding target: Int, _ width: Int, _ weight: TensorRole, _ bias: TensorRole, _ part: String
  ) throws(ImportError) {
    let columns = try size(block).columns
    guard columns != width else { return try takeLinear(block, weight, bias) }
    guard case .linear(let linear) = blocks.blocks[block].kind, columns % width == 0, columns / width <= 8
    else {
      throw fail(
        "\(part), \(blocks.describe(block))", "\(width) columns, or several times as many", "\(columns)")
    }
    let affine = try blocks.affine(block, width: columns, scales: linear.isInteger)
    let parts = columns / width
    let end = try evaluation.tensor(affine.end)
    var found: [Int] = []
    for candidate in 0..<parts {
      var values = [Float](repeating: 0, count: end.count)
      for start in stride(from: candidate * width, to: values.count, by: columns) {
        for place in start..<start + width { values[place] = 1 }
      }
      let result = try evaluation.recompute(
        target, replacing: affine.end, by: GraphTensor(end.shape, floats: values))
      if result.hasNonzero { found.append(candidate) }
    }
    guard found.count == 1 else {
      throw fail(
        "\(part), \(blocks.describe(block))", "queries, keys and values one after the other",
        "parts \(found.map { $0 + 1 }) of \(parts) in one of them")
    }
    try takeWeight(block, part: found[0], of: parts, weight)
    if let sum = affine.bias {
      tensors[bias] = .vector(Array(sum[found[0] * width..<(found[0] + 1) * width]))
    }
  }

  mutating func takeNorm(
    _ block: Int, _ gamma: TensorRole, _ beta: TensorRole, _ part: String
  ) throws(ImportError) {
    guard case .norm(let epsilon) = blocks.blocks[block].kind,
      let width = try evaluation.tensor(blocks.blocks[block].output).shape.last
    else { throw fail(part, "a norm", blocks.describe(block)) }
    guard facts.epsilon == 0 || facts.epsilon == epsilon else {
      throw fail(
        "\(part), \(blocks.describe(block))", "the epsilon of other norms, \(facts.epsilon)", "\(epsilon)")
    }
    facts.epsilon = epsilon
    let affine = try blocks.affine(block, width: width, scales: true)
    tensors[gamma] = .vector(affine.factors ?? [Float](repeating: 1, count: width))
    if let sum = affine.bias { tensors[beta] = .vector(sum) }
  }

  private mutating func takeFeedForward(_ layer: LayerBlocks, _ number: Int) throws(ImportError) {
    let part = "layer \(number), feed-forward block"
    let depth = try size(layer.output).depth
    let reads = try evaluation.tensor(blocks.factorsBefore(layer.output, width: depth).start).floats
    try agree("the feed-forward size", &facts.feedForward, depth, number)
    try takeLinear(
      layer.output, .layer(number, .outputWeight), .layer(number, .outputBias), sumOf: layer.outputNorm)
    var inner: [(block: Int, affine: GraphBlocks.Affine, values: [Float], columns: Int)] = []
    for block in layer.intermediate {
      let columns = try size(block).columns
      guard case .linear(let linear) = blocks.blocks[block].kind else { continue }
      let affine = try blocks.affine(block, width: columns, scales: linear.isInteger)
      inner.append((block, affine, try evaluation.tensor(affine.end).floats, columns))
    }
    if inner.count == 1, inner[0].columns == depth {
      let activation = ActivationMatch.of(reads, inner[0].values)
      guard let activation else {
        throw fail(part, "GELU, its tanh form, ReLU, SiLU or tanh", "another activation")
      }
      try agreeOn(activation, gated: false, number)
      return try takeLinear(
        inner[0].block, .layer(number, .intermediateWeight), .layer(number, .intermediateBias))
    }
    // Gated: one product of both halves, or two.
    var halves: [(block: Int, half: Int, values: [Float])] = []
    for item in inner {
      guard item.columns == depth || item.columns == 2 * depth else {
        throw fail(part, "\(depth) or \(2 * depth) columns", "\(item.columns)")
      }
      for half in 0..<item.columns / depth {
        var values: [Float] = []
        for start in stride(from: half * depth, to: item.values.count, by: item.columns) {
          values += item.values[start..<start + depth]
        }
        halves.append((item.block, half, values))
      }
    }
    guard halves.count == 2 else {
      throw fail(part, "one product before the last, or a gated pair", "\(halves.count)")
    }
    for (gate, up) in [(halves[0], halves[1]), (halves[1], halves[0])] {
      guard let activation = ActivationMatch.of(reads, gate.values, times: up.values) else { continue }
      try agreeOn(activation, gated: true, number)
      try takeHalf(
        gate.block, gate.half, depth, .layer(number, .intermediateWeight), .layer(number, .intermediateBias))
      try takeHalf(up.block, up.half, depth, .layer(number, .upWeight), .layer(number, .upBias))
      return
    }
    throw fail(part, "a known activation of one half, times the other", "another function of them")
  }

  private mutating func takeHalf(
    _ block: Int, _ half: Int, _ width: Int, _ weight: TensorRole, _ bias: TensorRole
  ) throws(ImportError) {
    let affine = try takeWeight(block, part: half, of: try size(block).columns / width, weight)
    if let sum = affine.bias { tensors[bias] = .vector(Array(sum[half * width..<(half + 1) * width])) }
  }

  private mutating func agreeOn(_ activation: Activation, gated: Bool, _ layer: Int) throws(ImportError) {
    guard layer == 1 || facts.activation == activation && facts.isGated == gated else {
      throw fail("layer \(layer), feed-forward block", "\(facts.activation), as before", "\(activation)")
    }
    facts.activation = activation
    facts.isGated = gated
  }

  // MARK: Embeddings

  private mutating func findEmbeddings() throws(ImportError) {
    var norm = layerInput
    facts.embeddingWidth = facts.hidden
    if isLinear(norm) {
      try takeLinear(norm, .embeddingProjectionWeight, .embeddingProjectionBias)
      facts.embeddingWidth = try size(norm).depth
      facts.projectsEmbeddings = true
      guard let before = blocks.blocks[norm].sources.first, blocks.blocks[norm].sources.count == 1 else {
        throw fail("the embeddings", "a norm", blocks.describe(blocks.blocks[norm].sources))
      }
      norm = before
    }
    guard isNorm(norm) else { throw fail("the embeddings", "a norm of their sum", blocks.describe(norm)) }
    // An encoder that normalises first may have two norms before its first layer.
    if facts.normalizesFirst, let before = blocks.blocks[norm].sources.first(where: isNorm) { norm = before }
    try takeNorm(norm, .embeddingNormGamma, .embeddingNormBeta, "the embeddings")
    var embeddings = EmbeddingTables(blocks, width: facts.embeddingWidth)
    try embeddings.read(sum: blocks.blocks[norm].input, fail)
    guard let words = embeddings.words else {
      throw fail("the embeddings", "rows of a table by token id", "none")
    }
    tensors[.wordEmbedding] = words.tensor
    facts.vocabulary = words.rows
    if let positions = embeddings.positions {
      tensors[.positionEmbedding] = positions.tensor
      facts.positions = positions.rows
      facts.positionOffset = positions.first
    }
    if let types = embeddings.types {
      tensors[.tokenTypeEmbedding] = types.tensor
      facts.tokenTypes = types.rows
    }
    if let bias = try embeddings.relativeBias(firstSoftmax(), heads: facts.heads) {
      tensors[.relativeBias] = bias
      facts.hasRelativeBias = true
    }
  }

  private func firstSoftmax() -> Int {
    blocks.blocks.first { block in
      if case .softmax = block.kind { block.sources.contains(where: isProduct) } else { false }
    }?.input ?? 0
  }

  // MARK: Heads

  private mutating func findHeads() throws(ImportError) {
    let norm = blocks.blocks[lastNorm]
    let affine = try blocks.affine(lastNorm, width: facts.hidden, scales: true)
    let states = try evaluation.tensor(affine.end).floats
    guard states.count == evaluation.ids.count * facts.hidden else {
      throw fail("the last norm", "[tokens, hidden]", "\(try evaluation.tensor(norm.output).shape)")
    }
    let matcher = HeadMatcher(recognition: self, states: states)
    for (name, value) in graph.outputs where evaluation.dependsOnText(value) {
      guard let (head, linear) = try matcher.head(value) else { continue }
      heads.append((name, value, head))
      if let linear { try takeHead(linear) }
    }
    guard !heads.isEmpty else { throw .otherOutputs(path: graph.path, outputs: graph.outputs.map(\.name)) }
  }

  private mutating func takeHead(_ head: HeadMatcher.Linear) throws(ImportError) {
    guard tensors[.headWeight] == nil else { return }
    try takeLinear(head.block, .headWeight, .headBias)
    if let pooler = head.pooler { try takeLinear(pooler, .poolerWeight, .poolerBias) }
    if let norm = head.norm {
      try takeNorm(norm, .poolerNormGamma, .poolerNormBeta, "the norm before the classifier")
    }
  }
}
