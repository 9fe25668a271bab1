package import TaperBase
package import TaperModelSpec
package import TaperPlanFormat

/// What the planner reads of a model before any weight: dimensions, head and provenance. Planning depends on nothing
/// else, so tests plan models without weights.
package struct EncoderFacts: Sendable {
  package var name: String
  package var family: String
  package var shape: ModelShape
  package var form: EncoderForm
  package var activation: Activation
  package var layerNormEpsilon: Float
  package var positionOffset: Int
  /// Rows of the position table; 0 without one.
  package var positions: Int
  package var maximumLength: Int
  package var hasRelativeBias: Bool
  package var head: HeadSpec
  package var prompts: Prompts
  /// Whether a prompt's tokens do not take part in the pooling.
  package var leavesPromptOut: Bool
  /// Of a model of token vectors.
  package var interaction: LateInteraction?
  /// Nil for a model without selectors.
  package var selector: SelectorFacts?
  /// Layers of the encoder that halting units were trained in, with a unit after each layer but the last; nil for a
  /// model without.
  package var haltingLayers: Int?
  package var tokenizer: [UInt8]
  package var modelDigest: Digest
  package var tokenizerDigest: Digest

  package init(
    name: String, family: String, shape: ModelShape, form: EncoderForm? = nil, activation: Activation,
    layerNormEpsilon: Float,
    positionOffset: Int, positions: Int, maximumLength: Int, hasRelativeBias: Bool, head: HeadSpec,
    prompts: Prompts = Prompts(), leavesPromptOut: Bool = false, interaction: LateInteraction? = nil,
    selector: SelectorFacts? = nil,
    haltingLayers: Int? = nil,
    tokenizer: [UInt8] = [],
    modelDigest: Digest = .zero, tokenizerDigest: Digest = .zero
  ) {
    self.name = name
    self.family = family
    self.shape = shape
    self.form = form ?? EncoderForm(hidden: Int(shape.hidden), layers: Int(shape.layers))
    self.activation = activation
    self.layerNormEpsilon = layerNormEpsilon
    self.positionOffset = positionOffset
    self.positions = positions
    self.maximumLength = maximumLength
    self.hasRelativeBias = hasRelativeBias
    self.head = head
    self.prompts = prompts
    self.leavesPromptOut = leavesPromptOut
    self.interaction = interaction
    self.selector = selector
    self.haltingLayers = haltingLayers
    self.tokenizer = tokenizer
    self.modelDigest = modelDigest
    self.tokenizerDigest = tokenizerDigest
  }

  /// The encoder that ends after layer `depth`; with none, word rows alone.
  package func cut(to depth: Int) -> EncoderFacts {
    var cut = depth == 0 ? ofWordRows : self
    cut.shape.layers = UInt32(depth)
    cut.form.layers.removeLast(cut.form.layers.count - depth)
    // A selector after the last layer would save nothing.
    cut.selector?.layers.removeAll { $0 >= depth }
    return cut
  }

  /// As wide as the word table, with a head that reads the mean over all tokens and no step that was trained on states
  /// of layers (decision 23).
  private var ofWordRows: EncoderFacts {
    var facts = self
    let width = form.embeddingWidth
    facts.shape.hidden = UInt32(width)
    // Nothing attends; the format wants a number that divides the width.
    facts.shape.heads = 1
    facts.form.projectsEmbeddings = false
    facts.form.normalizesFirst = false
    facts.head.steps = [.pool(.mean, width: width)] + (head.normalized ? [.normalize(width: width)] : [])
    if !head.hasLinear { facts.head.outputWidth = width }
    return facts
  }

  /// Bytes of the weights of the layers' products, all taken in the most frequent precision.
  package func weightTraffic(_ precision: PrecisionAssignment) -> Bytes {
    shape.weightTraffic(precision.base, layers: form.distinctLayers, isGated: form.isGated)
  }

  /// The form of a layer, from 1.
  package func form(of layer: Int) -> LayerForm { form.layers[layer - 1] }

  /// Whether ops need the original positions of rows.
  package var usesPositions: Bool { hasRelativeBias || form.usesPositions }

  package var hidden: Int { Int(shape.hidden) }
  package var layers: Int { Int(shape.layers) }
  /// From 1; empty where no layer is left.
  package var layerNumbers: Range<Int> { 1..<layers + 1 }
  package var heads: Int { Int(shape.heads) }
  package var feedForward: Int { Int(shape.feedForward) }
}

extension ModelShape {
  /// Bytes of the weights of the layers' products, which a run reads once. Other weights are small.
  /// - Parameters:
  ///   - distinct: layers that do not share their weights; all unless given.
  ///   - isGated: whether feed-forward blocks have a third product.
  func weightTraffic(_ precision: Precision, layers distinct: Int? = nil, isGated: Bool = false) -> Bytes {
    let layout = precision == .f32 ? .panelF32 : precision.layouts[0]
    let (hidden, feedForward) = (Int(hidden), Int(feedForward))
    let inner = isGated ? 2 * feedForward : feedForward
    let products = [(4 * hidden, hidden), (inner, hidden), (hidden, feedForward)]
    return products.reduce(.zero) { sum, product in
      sum + Bytes(UInt64(distinct ?? Int(layers)) * layout.byteCount(columns: product.0, depth: product.1))
    }
  }
}
