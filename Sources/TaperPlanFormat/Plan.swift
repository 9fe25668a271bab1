public import TaperBase

/// A plan: everything the runtime needs to answer, and everything the planner predicted. Weights are by reference.
///
/// Its bytes are canonical: equal plans encode to equal bytes. specs/plan-format.md is normative.
public struct Plan: Hashable, Sendable {
  public var identity: PlanIdentity
  public var model: ModelShape
  public var schedule: Schedule
  public var ops: [PlanOp]
  /// Ascending by op, then by maximumRows.
  public var selections: [KernelSelection]
  public var arena: ArenaLayout
  /// The slot that holds the answer after a run: `head.outputWidth` elements (one row).
  public var resultSlot: UInt16
  public var predictions: Predictions
  /// Only in a plan whose work depends on the input, when it was calibrated.
  public var expectations: Expectations?
  /// Only in a plan whose runs may end before the last layer.
  public var halting: Halting?
  /// Tokenizer tables, in TaperTokenization's own codec; opaque here.
  public var tokenizer: [UInt8]
  public var head: Head
  public var prompts: Prompts
  /// Whether a prompt's tokens, and those before them, do not take part in the pooling.
  public var leavesPromptOut = false
  /// Exactly where the answer is a vector for every token.
  public var interaction: LateInteraction?
  public var canaries: [Canary]
  /// Nil when accuracy was not measured.
  public var evidence: AccuracyEvidence?
  public var weights: WeightsIndex

  public init(
    identity: PlanIdentity, model: ModelShape, schedule: Schedule, ops: [PlanOp],
    selections: [KernelSelection],
    arena: ArenaLayout, resultSlot: UInt16, predictions: Predictions, expectations: Expectations? = nil,
    halting: Halting? = nil, tokenizer: [UInt8], head: Head, prompts: Prompts = Prompts(),
    leavesPromptOut: Bool = false, interaction: LateInteraction? = nil, canaries: [Canary],
    evidence: AccuracyEvidence? = nil,
    weights: WeightsIndex
  ) {
    self.identity = identity
    self.model = model
    self.schedule = schedule
    self.ops = ops
    self.selections = selections
    self.arena = arena
    self.resultSlot = resultSlot
    self.predictions = predictions
    self.expectations = expectations
    self.halting = halting
    self.tokenizer = tokenizer
    self.head = head
    self.prompts = prompts
    self.leavesPromptOut = leavesPromptOut
    self.interaction = interaction
    self.canaries = canaries
    self.evidence = evidence
    self.weights = weights
  }
}

/// Provenance of a plan: the inputs, the tool and the request that it was made from. No paths.
public struct PlanIdentity: Hashable, Sendable {
  public var modelName: String
  public var family: String
  public var toolVersion: String
  /// The request as options, for example "--latency 5ms --max-length 256 --method acc".
  public var request: String
  /// dense, acc, …
  public var method: String
  /// f32, …
  public var precision: String
  public var deviceName: String
  /// The instruction-set tier its predictions were measured with; empty when unknown.
  public var tier: String
  /// The number of workers that the plan was made for, and the most that it can use.
  public var threads: UInt16
  /// Planner passes that were on, in order.
  public var passes: [String]
  public var modelDigest: Digest
  public var tokenizerDigest: Digest
  public var calibrationDigest: Digest
  public var profileDigest: Digest

  public init(
    modelName: String, family: String, toolVersion: String, request: String, method: String,
    precision: String,
    deviceName: String, tier: String = "", threads: Int, passes: [String], modelDigest: Digest,
    tokenizerDigest: Digest,
    calibrationDigest: Digest, profileDigest: Digest
  ) {
    self.modelName = modelName
    self.family = family
    self.toolVersion = toolVersion
    self.request = request
    self.method = method
    self.precision = precision
    self.deviceName = deviceName
    self.tier = tier
    self.threads = UInt16(threads)
    self.passes = passes
    self.modelDigest = modelDigest
    self.tokenizerDigest = tokenizerDigest
    self.calibrationDigest = calibrationDigest
    self.profileDigest = profileDigest
  }
}

/// The encoder's dimensions.
public struct ModelShape: Hashable, Sendable {
  public var hidden: UInt32
  public var layers: UInt32
  public var heads: UInt32
  public var feedForward: UInt32
  public var vocabulary: UInt32
  /// Rows of the token-type table; 0 when the family has none.
  public var tokenTypes: UInt32
  public init(hidden: Int, layers: Int, heads: Int, feedForward: Int, vocabulary: Int, tokenTypes: Int) {
    self.hidden = UInt32(hidden)
    self.layers = UInt32(layers)
    self.heads = UInt32(heads)
    self.feedForward = UInt32(feedForward)
    self.vocabulary = UInt32(vocabulary)
    self.tokenTypes = UInt32(tokenTypes)
  }
}

public enum Pooling: UInt8, CaseIterable, Hashable, Sendable {
  case mean = 0
  /// The first token's state.
  case cls = 1
  /// No pooling: the head reads every token's state.
  case tokens = 2
  /// The largest of every column.
  case max = 3
  /// The sum over the root of the number of tokens.
  case meanSqrtLength = 4
  /// The mean, weighted by position from 1 on.
  case weightedMean = 5
  /// The last token's state.
  case lastToken = 6
  case sum = 7

  /// Whether it joins the states of as many tokens as there are, so that it can do with those that were kept.
  public var joinsTokens: Bool {
    switch self {
    case .mean, .max, .meanSqrtLength, .weightedMean, .sum: true
    case .cls, .tokens, .lastToken: false
    }
  }

  /// Whether no token's state may be missing.
  public var needsEveryToken: Bool { self == .tokens || self == .lastToken }

  /// The first format that has it.
  var since: FormatVersion {
    switch self {
    case .mean, .cls: .first
    case .tokens: .dynamic
    case .max, .meanSqrtLength, .weightedMean, .lastToken, .sum: .jobs
    }
  }
}

/// What the result slot means.
public enum HeadKind: UInt8, CaseIterable, Hashable, Sendable {
  /// A vector, L2-normalised or not.
  case embedding = 0
  /// Softmax scores, one for each label.
  case classification = 1
  /// Independent sigmoid scores, one for each label.
  case multiLabel = 2
  /// One number or several: the linear head's output.
  case regression = 3
  /// For every token, softmax scores, one for each label.
  case tokenClassification = 4
  /// A weight of zero or more for every token of the vocabulary, most of them zero.
  case sparse = 5
  /// For every token, a vector.
  case tokenVectors = 6

  /// Whether there is an answer for every token.
  public var isOfTokens: Bool { self == .tokenClassification || self == .tokenVectors }

  /// The first format that has it.
  var since: FormatVersion {
    switch self {
    case .embedding, .classification, .multiLabel, .regression: .first
    case .tokenClassification: .dynamic
    case .sparse, .tokenVectors: .jobs
    }
  }
}

public struct Head: Hashable, Sendable {
  public var kind: HeadKind
  public var pooling: Pooling
  public var normalized: Bool
  /// Labels in output order; empty for embeddings and regression.
  public var labels: [String]
  public var outputWidth: UInt32

  /// Whether there is an answer for every token.
  public var answersTokens: Bool { kind.isOfTokens }

  /// How many numbers the answer to an input of `tokens` tokens has: `outputWidth`, or that for each token.
  public func outputCount(tokens: Int) -> Int {
    answersTokens ? Int(outputWidth) * tokens : Int(outputWidth)
  }

  public init(kind: HeadKind, pooling: Pooling, normalized: Bool, labels: [String], outputWidth: Int) {
    self.kind = kind
    self.pooling = pooling
    self.normalized = normalized
    self.labels = labels
    self.outputWidth = UInt32(outputWidth)
  }
}

/// An example with the output that the plan must give, for `taper verify`.
public struct Canary: TokenizedText, Hashable, Sendable {
  public var ids: [UInt32]
  /// Empty when all are zero.
  public var typeIDs: [UInt32]
  public var expected: [Float]
  /// The largest absolute difference allowed.
  public var tolerance: Float
  public init(ids: [UInt32], typeIDs: [UInt32], expected: [Float], tolerance: Float) {
    self.ids = ids
    self.typeIDs = typeIDs
    self.expected = expected
    self.tolerance = tolerance
  }
}

public struct WeightEntry: Hashable, Sendable {
  public var name: String
  public var element: ElementType
  public var layout: WeightLayout
  public var shape: [UInt32]
  /// From the start of the weights section; a multiple of 64.
  public var offset: Bytes
  public var byteCount: Bytes
  public init(
    name: String, element: ElementType, layout: WeightLayout, shape: [UInt32], offset: Bytes, byteCount: Bytes
  ) {
    self.name = name
    self.element = element
    self.layout = layout
    self.shape = shape
    self.offset = offset
    self.byteCount = byteCount
  }
}

/// The weights index: where each tensor is, in the plan itself or in the weights file that has this digest.
public struct WeightsIndex: Hashable, Sendable {
  public var entries: [WeightEntry]
  public var byteCount: Bytes
  /// SHA-256 of the weights section's bytes.
  public var digest: Digest
  public var isEmbedded: Bool
  public init(entries: [WeightEntry], byteCount: Bytes, digest: Digest, isEmbedded: Bool) {
    self.entries = entries
    self.byteCount = byteCount
    self.digest = digest
    self.isEmbedded = isEmbedded
  }
}
