import TaperPlanFormat

/// The tensors that a model's family, configuration and head name, with their patterns and shapes; without those of a
/// fitted head.
struct TensorList {
  struct Entry {
    let role: TensorRole
    /// nil where the family's description has none.
    let pattern: FamilyDescription.TensorPattern?
    /// What stands in where the file lacks it.
    var otherwise: FamilyDescription.TensorPattern?
    let shape: [Int]
    /// From 1; nil for a tensor of no layer.
    let layer: Int?
    /// Whether a model of some family lacks it.
    let isOptional: Bool
  }

  private(set) var entries: [Entry] = []
  let layers: Int
  private let family: FamilyDescription

  /// - Parameter hasPositionTable: whether positions are embedded.
  init(_ config: EncoderConfig, hasPositionTable: Bool, head: HeadSpec, fitted: Bool) {
    family = config.family
    let (shape, form) = (config.shape, config.form)
    layers = Int(shape.layers)
    let (hidden, width) = (Int(shape.hidden), form.embeddingWidth)
    add(.wordEmbedding, [Int(shape.vocabulary), width])
    if hasPositionTable {
      add(.positionEmbedding, [config.positions, width])
    }
    add(.embeddingNormGamma, [width])
    add(.embeddingNormBeta, [width], isOptional: true)
    if shape.tokenTypes > 0 { add(.tokenTypeEmbedding, [Int(shape.tokenTypes), width]) }
    if form.projectsEmbeddings {
      add(.embeddingProjectionWeight, [hidden, width])
      add(.embeddingProjectionBias, [hidden], isOptional: true)
    }
    if let disentangled = form.disentangled {
      add(.positionRows, [2 * disentangled.span, hidden])
      add(.positionNormGamma, [hidden], isOptional: true)
      add(.positionNormBeta, [hidden], isOptional: true)
    }
    if let relativeBias = config.relativeBias {
      add(.relativeBias, [relativeBias.buckets, Int(shape.heads)])
    }
    for layer in 1...layers { addLayer(layer, config) }
    if form.normalizesFirst {
      add(.finalNormGamma, [hidden])
      add(.finalNormBeta, [hidden], isOptional: true)
    }
    addHead(head, hidden: hidden, tiesEmbeddings: config.tiesEmbeddings, fitted: fitted)
  }

  private mutating func addLayer(_ layer: Int, _ config: EncoderConfig) {
    var parts = Set(LayerPart.allCases)
    if !config.form.isGated { parts.subtract(LayerPart.ofGatedBlocks) }
    if config.form.disentangled?.sharesProjections ?? true { parts.subtract(LayerPart.ofPositions) }
    for part in LayerPart.allCases where parts.contains(part) {
      entries.append(
        Entry(
          role: .layer(layer, part), pattern: family.layerTensors[part],
          shape: part.shape(hidden: Int(config.shape.hidden), feedForward: Int(config.shape.feedForward)),
          layer: layer, isOptional: part.isOptional))
    }
  }

  private mutating func addHead(_ head: HeadSpec, hidden: Int, tiesEmbeddings: Bool, fitted: Bool) {
    var patterns = family.head(ofTokens: head.pooling == .tokens)
    if head.kind == .sparse { patterns = family.languageTensors }
    func add(_ role: TensorRole, _ shape: [Int], isOptional: Bool = false) {
      // Tied weights are in the file once; where they are there twice, the reference takes each from its own.
      let isTied = tiesEmbeddings && role == .lmDecoderWeight
      entries.append(
        Entry(
          role: role, pattern: patterns[role], otherwise: isTied ? family.tensors[.wordEmbedding] : nil,
          shape: shape, layer: nil, isOptional: isOptional))
    }
    var width = hidden
    for step in head.steps {
      // Modules' tensors are in files of their own.
      for (place, role) in step.roles.enumerated() where !role.isOfModule {
        let isMatrix = if case .dense = step.operation { place == 0 } else { false }
        add(role, isMatrix ? [step.width, width] : [step.width], isOptional: place > 0)
      }
      width = step.width
    }
    if head.hasLinear && !fitted {
      add(.headWeight, [head.outputWidth, width])
      add(.headBias, [head.outputWidth])
    }
  }

  private mutating func add(_ role: TensorRole, _ shape: [Int], isOptional: Bool = false) {
    entries.append(
      Entry(role: role, pattern: family.tensors[role], shape: shape, layer: nil, isOptional: isOptional))
  }
}
