import TaperModelSpec
import TaperPlanFormat

/// Writes the encoder with one op for each step of its definition: products without bias, then bias, then residual sum,
/// then layer norm; kept rows are gathered before they are used. With every pass off, this is the plan.
///
/// A norm without a shift of its own gets a vector of zeros, which all such norms share.
///
/// A layer that drops tokens for some input length (specs/planning.md 1) does so after its attention scores and before
/// its FFN. It has two ways through attention that write the same slot: the plain one, guarded `ifNotReduced`, for
/// lengths at which it keeps all tokens, and scores → select → context, guarded `ifReduced`. With selectors
/// (specs/tuned-checkpoints.md 4) it drops tokens after its last norm; with a lexicon the first drops them before it
/// begins.
package struct GraphBuilder {
  let facts: EncoderFacts
  let options: GraphOptions
  var graph = PlanGraph()
  /// Original positions of the current rows; none while row i is position i for every input.
  var origin = Operand.none
  var restored = Operand.none
  /// With halting: the answers so far with what is left, and whether the last test ended the run.
  var answers = Operand.none
  var halted = Operand.none
  private var weightNumbers: [String: UInt16] = [:]
  private var groups: UInt16 = 0

  /// The graph of the encoder with its head; `override` replaces or adds the linear head.
  package static func build(_ facts: EncoderFacts, options: GraphOptions, override: HeadOverride?)
    -> PlanGraph
  {
    var builder = GraphBuilder(facts: facts, options: options)
    builder.emitEncoder(override: override)
    return builder.graph
  }

  private init(facts: EncoderFacts, options: GraphOptions) {
    self.facts = facts
    self.options = options
  }

  private mutating func emitEncoder(override: HeadOverride?) {
    let hidden = facts.hidden
    let weighsPositions = facts.head.pooling == .weightedMean
    if !options.reducingLayers.isEmpty, options.restores || facts.usesPositions || weighsPositions {
      origin = makeSlot("origin", element: .u32, rows: .input, columns: 1)
      var iota = PlanOp(.iota, layer: 0, rows: .input)
      iota.output = origin
      emit(iota)
    }
    if !options.reducingLayers.isEmpty, options.restores {
      restored = makeSlot("restored", rows: .input, columns: hidden)
    }
    var state = emitEmbeddings()
    if let words = options.words, options.reducingLayers.contains(1) {
      state = emitWordChoice(words, of: state)
    }
    for layer in facts.layerNumbers { state = emitLayer(layer, input: state) }
    if options.halting == nil { emitHead(state, override: override) }
  }

  /// The states that enter layer 1; word rows as they are where there is no layer.
  private mutating func emitEmbeddings() -> Operand {
    let width = facts.form.embeddingWidth
    let projects = facts.form.projectsEmbeddings
    let isObserved = options.instrumentation.contains(.hiddenStates)
    beginGroup()
    var embed = PlanOp(.embed, layer: 0, rows: .input, columns: width)
    embed.table0 = weight("embeddings.word", [Int(facts.shape.vocabulary), width], .wordEmbedding)
    guard facts.layers > 0 else {
      embed.output = makeSlot(hiddenName(0), rows: .input, columns: width, outlivesRun: isObserved)
      emit(embed)
      return embed.output
    }
    embed.extent = UInt32(facts.positionOffset)
    if facts.positions > 0 {
      embed.table1 = weight("embeddings.position", [facts.positions, width], .positionEmbedding)
    }
    if facts.shape.tokenTypes > 0 {
      embed.table2 = weight(
        "embeddings.token_type", [Int(facts.shape.tokenTypes), width], .tokenTypeEmbedding)
    }
    embed.output = makeSlot("embeddings.sum", rows: .input, columns: width)
    emit(embed)
    let embedded = emitLayerNorm(
      embed.output, layer: 0, rows: .input,
      norm("embeddings.norm", width, .embeddingNormGamma, .embeddingNormBeta),
      name: projects ? "embeddings" : hiddenName(0), outlivesRun: isObserved && !projects)
    guard projects else { return embedded }
    return emitLinear(
      embedded, layer: 0, rows: .input, columns: facts.hidden, depth: width,
      weight: weight("embeddings.projection.weight", [facts.hidden, width], .embeddingProjectionWeight),
      bias: optional("embeddings.projection.bias", [facts.hidden], .embeddingProjectionBias),
      name: hiddenName(0), outlivesRun: isObserved)
  }

  // MARK: Parts of a layer

  /// y = act(x·Wᵀ + b) as a product and, unless there is neither bias nor activation, a row-wise op.
  mutating func emitLinear(
    _ input: Operand, layer: Int, rows: RowCount, columns: Int, depth: Int, weight: WeightReference,
    bias: WeightReference, activation: Activation = .none, name: String, outlivesRun: Bool = false,
    condition: OpGuard = .always
  ) -> Operand {
    beginGroup()
    var product = PlanOp(.gemm, layer: layer, rows: rows, columns: columns, depth: depth)
    product.condition = condition
    product.parts = UInt16(GemmPartition.parts(columns: columns, depth: depth))
    product.a = input
    product.weight = weight
    let isWhole = bias.isNone && activation == .none
    product.output = makeSlot(
      isWhole ? name : name + ".product", rows: rows, columns: columns, outlivesRun: isWhole && outlivesRun)
    emit(product)
    if isWhole { return product.output }
    var sum = PlanOp(.biasActivation, layer: layer, rows: rows, columns: columns)
    sum.condition = condition
    sum.activation = activation
    sum.a = product.output
    sum.bias = bias
    sum.output = makeSlot(name, rows: rows, columns: columns, outlivesRun: outlivesRun)
    emit(sum)
    return sum.output
  }

  /// y = x + residual.
  mutating func emitSum(
    _ input: Operand, _ residual: Operand, layer: Int, rows: RowCount, name: String, outlivesRun: Bool = false
  ) -> Operand {
    var sum = PlanOp(.add, layer: layer, rows: rows, columns: facts.hidden)
    sum.a = input
    sum.b = residual
    sum.output = makeSlot(name, rows: rows, columns: facts.hidden, outlivesRun: outlivesRun)
    emit(sum)
    return sum.output
  }

  /// The parameters of a norm.
  struct Norm {
    var gamma: WeightReference
    var beta: WeightReference
    var columns: Int
  }

  mutating func norm(_ name: String, _ columns: Int, _ gamma: TensorRole, _ beta: TensorRole) -> Norm {
    let scale = weight("\(name).gamma", [columns], gamma)
    let shift =
      facts.form.absent.contains(beta)
      ? weight(WeightRecipe(name: "zeros.\(columns)", shape: [columns], source: .zeros))
      : weight("\(name).beta", [columns], beta)
    return Norm(gamma: scale, beta: shift, columns: columns)
  }

  mutating func emitLayerNorm(
    _ input: Operand, layer: Int, rows: RowCount, _ norm: Norm, epsilon: Float? = nil, name: String,
    outlivesRun: Bool = false
  ) -> Operand {
    var op = PlanOp(.layerNorm, layer: layer, rows: rows, columns: norm.columns)
    op.epsilon = epsilon ?? facts.layerNormEpsilon
    op.a = input
    op.gamma = norm.gamma
    op.beta = norm.beta
    op.output = makeSlot(name, rows: rows, columns: norm.columns, outlivesRun: outlivesRun)
    emit(op)
    return op.output
  }

  /// y[i] = x[index[i]], a copy while the layer drops nothing.
  mutating func emitGather(
    _ input: Operand, index: Operand, layer: Int, rows: RowCount, columns: Int, name: String,
    outlivesRun: Bool = false
  ) -> Operand {
    var gather = PlanOp(.gather, layer: layer, rows: rows, columns: columns)
    gather.innerRows = .tokens(after: layer - 1)
    gather.a = input
    gather.index = index
    gather.output = makeSlot(name, rows: rows, columns: columns, outlivesRun: outlivesRun)
    emit(gather)
    return gather.output
  }

  // MARK: Slots, weights, groups

  mutating func makeSlot(
    _ name: String, element: ElementType = .f32, copies: Int = 1, rows: RowCount, innerRows: RowCount = .one,
    columns: Int, outlivesRun: Bool = false
  ) -> Operand {
    let number = UInt16(graph.slots.count)
    graph.slots.append(
      GraphSlot(
        name: name, element: element, copies: copies, rows: rows, innerRows: innerRows, columns: columns,
        outlivesRun: outlivesRun))
    return Operand(slot: number, offset: 0, leading: UInt32(columns))
  }

  mutating func weight(_ name: String, _ shape: [Int], _ role: TensorRole) -> WeightReference {
    weight(WeightRecipe(name: name, shape: shape, source: .tensors([role])))
  }

  /// The tensor, or none where the model has none.
  mutating func optional(_ name: String, _ shape: [Int], _ role: TensorRole) -> WeightReference {
    facts.form.absent.contains(role) ? .none : weight(name, shape, role)
  }

  mutating func fitted(_ tensor: FittedTensor, _ name: String, _ shape: [Int]) -> WeightReference {
    weight(WeightRecipe(name: name, shape: shape, source: .fitted(tensor)))
  }

  mutating func weight(_ recipe: WeightRecipe) -> WeightReference {
    if let number = weightNumbers[recipe.name] { return WeightReference(rawValue: number) }
    let number = UInt16(graph.weights.count)
    graph.weights.append(recipe)
    weightNumbers[recipe.name] = number
    return WeightReference(rawValue: number)
  }

  /// Ops emitted from here to the next call belong to one group.
  mutating func beginGroup() { groups += 1 }

  mutating func emit(_ op: PlanOp) {
    var op = op
    op.fusionGroup = groups == 0 ? 0xFFFF : groups - 1
    graph.ops.append(op)
  }

  func hiddenName(_ layer: Int) -> String { "hidden.\(layer)" }
}
