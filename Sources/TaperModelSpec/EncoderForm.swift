/// How a model's encoder departs from BERT's: facts that its description and config.json give.
public struct EncoderForm: Hashable, Sendable {
  /// Columns of the embedding tables.
  public var embeddingWidth: Int
  /// Whether a linear layer leads from the embeddings to the hidden size (roles embeddingProjectionWeight and -Bias).
  public var projectsEmbeddings: Bool
  /// Whether norms come before attention and before the feed-forward block, and one after the last layer (roles
  /// finalNormGamma and -Beta), instead of after each residual sum.
  public var normalizesFirst: Bool
  /// Whether the feed-forward block multiplies its activated rows by a second product: W₂·(act(W₁·x) ⊙ U·x) with U in
  /// the part upWeight.
  public var isGated: Bool
  /// How positions enter attention in DeBERTa; nil elsewhere.
  public var disentangled: DisentangledSpec?
  /// Entry l − 1 is about layer l.
  public var layers: [LayerForm]
  /// Tensors that BERT has and this model lacks: biases, and norms where there is none.
  public var absent: Set<TensorRole>

  /// BERT's form.
  public init(hidden: Int, layers: Int) {
    embeddingWidth = hidden
    projectsEmbeddings = false
    normalizesFirst = false
    isGated = false
    self.layers = (1...max(1, layers)).map { LayerForm(storedAs: $0) }
    absent = []
  }

  /// Layers whose weights are apart from those of all others.
  public var distinctLayers: Int { Set(layers.map(\.storedAs)).count }

  /// Whether layers need to know at which position of the original text a row was.
  public var usesPositions: Bool {
    disentangled != nil || layers.contains { $0.rotaryTheta != nil || $0.window != nil }
  }
}

/// What one layer has of its own.
public struct LayerForm: Hashable, Sendable {
  /// The first layer with the same tensors; layers may share them.
  public var storedAs: Int
  /// Base of the rotary angles of queries and keys (Su et al., 2021); nil without. Pair i of a head of size d, columns i
  /// and i + d/2, turns by position · theta^(−2i/d).
  public var rotaryTheta: Float?
  /// The largest distance at which a query sees a key; nil for all.
  public var window: Int?

  public init(storedAs: Int, rotaryTheta: Float? = nil, window: Int? = nil) {
    self.storedAs = storedAs
    self.rotaryTheta = rotaryTheta
    self.window = window
  }
}
