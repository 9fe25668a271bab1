/// Which steps of BERT's normalizer a model uses.
public struct NormalizerOptions: Hashable, Sendable {
  /// Drop control characters, turn every kind of white space into a space.
  public var cleansText: Bool
  /// Set spaces round Chinese characters, so that each is a word.
  public var spacesChinese: Bool
  /// Decompose (NFD) and drop nonspacing marks.
  public var stripsAccents: Bool
  public var lowercases: Bool

  /// `stripsAccents` follows `lowercases` when it is nil, as in the reference.
  public init(
    lowercases: Bool, stripsAccents: Bool? = nil, cleansText: Bool = true, spacesChinese: Bool = true
  ) {
    self.cleansText = cleansText
    self.spacesChinese = spacesChinese
    self.stripsAccents = stripsAccents ?? lowercases
    self.lowercases = lowercases
  }
}
