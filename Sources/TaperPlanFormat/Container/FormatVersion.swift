/// A version of the file format. Old readers may skip what a new minor version adds, but not what a new major adds.
public struct FormatVersion: BitwiseCopyable, Hashable, Comparable, Sendable {
  public var major: UInt16
  public var minor: UInt16
  public init(major: UInt16, minor: UInt16) {
    self.major = major
    self.minor = minor
  }
  /// Row-major f32 weights only.
  public static let first = FormatVersion(major: 1, minor: 0)
  /// Packed weights, encoded activations, scored attention, the predictions' tier.
  public static let packed = FormatVersion(major: 1, minor: 1)
  /// Dynamic selection (row counts that the input decides, up to the schedule's) and expectations; an answer for every
  /// token; runs that end before the last layer; attention in bf16; int8 rows with their own zero, which older readers
  /// took for 128.
  public static let dynamic = FormatVersion(major: 1, minor: 2)
  /// Evidence of accuracy.
  public static let evidenced = FormatVersion(major: 1, minor: 3)
  /// Prompts: an older reader would leave them out of its texts.
  public static let prompted = FormatVersion(major: 1, minor: 4)
  /// The same: rotary positions, disentangled attention, gated feed-forward blocks, embeddings without a position
  /// table, SiLU.
  public static let families = FormatVersion(major: 1, minor: 4)

  /// Other poolings than the mean and the first token; answers that are sparse vectors or a vector a token.
  public static let jobs = FormatVersion(major: 1, minor: 5)
  /// Weights and encoded rows in planes of bf16; norms and products that encode their results.
  public static let encodings = FormatVersion(major: 1, minor: 6)
  /// int8 weights whose pairs are bounded.
  public static let pairs = FormatVersion(major: 1, minor: 7)
  /// The same: no layers.
  public static let wordRows = FormatVersion(major: 1, minor: 7)
  /// The same: evidence by Matthews correlation, F1 or Spearman's correlation.
  public static let metrics = FormatVersion(major: 1, minor: 7)
  /// Tokens chosen by their words before the first layer; dropped tokens read through a lens.
  public static let words = FormatVersion(major: 1, minor: 8)
  /// Embeddings that encode their rows.
  public static let encodedEmbeddings = FormatVersion(major: 1, minor: 9)
  /// The same: attention in planes of bf16.
  public static let planeAttention = FormatVersion(major: 1, minor: 9)
  /// Attention that reads, or also writes, what products encode.
  public static let encodedAttention = FormatVersion(major: 1, minor: 10)

  public static func < (a: Self, b: Self) -> Bool {
    a.major != b.major ? a.major < b.major : a.minor < b.minor
  }
  public var description: String { "\(major).\(minor)" }
}

extension Plan {
  /// The oldest format that can express this plan.
  public var formatVersion: FormatVersion {
    let newest = ops.map(\.kind.definition.since).max() ?? .first
    if newest < .planeAttention, selections.contains(where: { $0.kernel.splitsOperands }) {
      return .planeAttention
    }
    if newest >= .words { return newest }
    if schedule.layerCount == 0 { return .wordRows }
    if max(weights.formatVersion, evidence?.metric.since ?? .first) == .pairs { return .pairs }
    if ops.contains(where: {
      $0.kind.definition.since == .encodings || $0.kind == .encode && $0.encodedElement.planes > 1
    }) {
      return .encodings
    }
    if leavesPromptOut || max(head.pooling.since, head.kind.since) == .jobs
      || ops.contains(where: { $0.kind.definition.since == .jobs })
    {
      return .jobs
    }
    if ops.contains(where: {
      $0.kind.definition.since == .families || $0.activation == .silu || $0.lacksPositions
    }) {
      return .families
    }
    if !prompts.isEmpty { return .prompted }
    if evidence != nil { return .evidenced }
    if expectations != nil || halting != nil || head.pooling == .tokens || head.kind == .tokenClassification {
      return .dynamic
    }
    if selections.contains(where: { $0.kernel.roundsOperands }) { return .dynamic }
    if ops.contains(where: { $0.kind == .encode && $0.encodedElement == .i8 }) { return .dynamic }
    var version = identity.tier.isEmpty ? weights.formatVersion : .packed
    for op in ops { version = max(version, op.kind.definition.since) }
    return version
  }
}

extension PlanOp {
  /// Whether older readers expect a position table here.
  fileprivate var lacksPositions: Bool { kind == .embed && table1.isNone }
}

extension WeightsIndex {
  /// The oldest format that can express this index.
  public var formatVersion: FormatVersion {
    if entries.contains(where: { $0.layout == .panelI8Pairs }) { return .pairs }
    if entries.contains(where: { $0.element.planes > 1 }) { return .encodings }
    return entries.contains { $0.layout != .rowMajor || $0.element == .i8 } ? .packed : .first
  }
}
