/// What a section of a container holds. Raw values are part of the file: append only.
///
/// Sections stand in ascending order of kind, so the weights, by far the largest, come last.
public struct SectionKind: RawRepresentable, BitwiseCopyable, Hashable, Sendable {
  public var rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static let identity = SectionKind(rawValue: 1)
  public static let model = SectionKind(rawValue: 2)
  public static let ops = SectionKind(rawValue: 3)
  public static let selections = SectionKind(rawValue: 4)
  public static let schedule = SectionKind(rawValue: 5)
  public static let arena = SectionKind(rawValue: 6)
  public static let predictions = SectionKind(rawValue: 7)
  public static let tokenizer = SectionKind(rawValue: 8)
  public static let head = SectionKind(rawValue: 9)
  public static let canaries = SectionKind(rawValue: 10)
  public static let weightsIndex = SectionKind(rawValue: 11)
  public static let tier = SectionKind(rawValue: 12)
  public static let expectations = SectionKind(rawValue: 13)
  public static let halting = SectionKind(rawValue: 14)
  public static let evidence = SectionKind(rawValue: 15)
  public static let prompts = SectionKind(rawValue: 16)
  public static let interaction = SectionKind(rawValue: 17)
  public static let promptLeftOut = SectionKind(rawValue: 18)
  public static let weights = SectionKind(rawValue: 0xFFFF)

  /// The section's name, or nil for a kind this version does not know.
  public var name: String? {
    switch self {
    case .identity: "identity"
    case .model: "model"
    case .ops: "ops"
    case .selections: "selections"
    case .schedule: "schedule"
    case .arena: "arena"
    case .predictions: "predictions"
    case .tokenizer: "tokenizer"
    case .head: "head"
    case .canaries: "canaries"
    case .weightsIndex: "weights index"
    case .tier: "tier"
    case .expectations: "expectations"
    case .halting: "halting"
    case .evidence: "evidence"
    case .prompts: "prompts"
    case .interaction: "late interaction"
    case .promptLeftOut: "prompt left out"
    case .weights: "weights"
    default: nil
    }
  }

  /// The alignment this version writes and demands.
  var alignment: UInt32 { self == .weights ? ContainerFormat.pageSize : 8 }
}
