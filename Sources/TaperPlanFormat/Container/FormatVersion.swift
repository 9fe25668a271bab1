/// A version of the file format: a new minor adds what old readers may skip, a new major what they may not.
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
  /// Row counts that the input decides, below the schedule's; expectations; an answer a token; runs that end before the last
  /// layer; attention in bf16; int8 rows with a zero of their own, which older readers took for 128.
  public static let dynamic = FormatVersion(major: 1, minor: 2)
  /// What the answers are worth.
  public static let evidenced = FormatVersion(major: 1, minor: 3)

  public static func < (a: Self, b: Self) -> Bool {
    a.major != b.major ? a.major < b.major : a.minor < b.minor
  }
  public var description: String { "\(major).\(minor)" }
}

extension Plan {
  /// The oldest format that can say this plan.
  public var formatVersion: FormatVersion {
    if evidence != nil { return .evidenced }
    if expectations != nil || halting != nil || head.pooling == .tokens || head.kind == .tokenClassification {
      return .dynamic
    }
    if ops.contains(where: { $0.kind.rawValue >= OpKind.selectAbove.rawValue }) { return .dynamic }
    if selections.contains(where: { $0.kernel.roundsOperands }) { return .dynamic }
    if ops.contains(where: { $0.kind == .encode && $0.encodedElement == .i8 }) { return .dynamic }
    let isLater = !identity.tier.isEmpty || ops.contains { $0.kind == .encode || $0.kind == .attentionScored }
    return isLater ? .packed : weights.formatVersion
  }
}

extension WeightsIndex {
  /// The oldest format that can say this index.
  public var formatVersion: FormatVersion {
    entries.contains { $0.layout != .rowMajor || $0.element == .i8 } ? .packed : .first
  }
}
