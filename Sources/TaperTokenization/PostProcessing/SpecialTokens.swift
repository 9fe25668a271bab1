/// The special tokens of a model, by purpose.
public struct SpecialTokens: Hashable, Sendable {
  /// How they frame a text.
  public enum Layout: Hashable, Sendable {
    /// [CLS] A [SEP] B [SEP], types 0 and 1.
    case bert
    /// <s> A </s></s> B </s>, no types; also MPNet's.
    case roberta
  }

  public var layout: Layout
  /// For words that cannot be split into pieces.
  public var unknown: String
  /// Begins every text.
  public var classification: String
  /// Ends every text.
  public var separator: String
  public var padding: String?
  public var mask: String?

  public init(
    layout: Layout, unknown: String, classification: String, separator: String, padding: String?,
    mask: String?
  ) {
    self.layout = layout
    self.unknown = unknown
    self.classification = classification
    self.separator = separator
    self.padding = padding
    self.mask = mask
  }

  public static let bert = SpecialTokens(
    layout: .bert, unknown: "[UNK]", classification: "[CLS]", separator: "[SEP]", padding: "[PAD]",
    mask: "[MASK]")

  public static let mpnet = SpecialTokens(
    layout: .roberta, unknown: "[UNK]", classification: "<s>", separator: "</s>", padding: "<pad>",
    mask: "<mask>")

  /// MPNet's when the vocabulary has <s> and </s>, else BERT's. MPNet's vocabulary holds BERT's tokens as well.
  static func detect(has: (String) -> Bool) -> SpecialTokens {
    guard has("<s>"), has("</s>") else { return .bert }
    var tokens = SpecialTokens.mpnet
    if !has("[UNK]") { tokens.unknown = "<unk>" }
    return tokens
  }
}
