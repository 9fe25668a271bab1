/// The number of tokens kept by each of a model's selectors, per text. A selector sees only what the earlier ones kept.
public struct SelectorCounts: Hashable, Sendable {
  public struct Text: Hashable, Sendable {
    /// n
    public var tokens: Int
    /// Per selector Σ [π ≥ threshold], row 0 always included: from 1 to n, never rising.
    public var kept: [Int]

    public init(tokens: Int, kept: [Int]) {
      self.tokens = tokens
      self.kept = kept
    }

    func isValid(selectors: Int) -> Bool {
      kept.count == selectors && kept.allSatisfy { $0 >= 1 }
        && zip([tokens] + kept, kept).allSatisfy { $0 >= $1 }
    }
  }

  /// The layers after which selectors run, ascending from 1.
  public let layers: [Int]
  /// In data order.
  public let texts: [Text]

  public init(layers: [Int], texts: [Text]) {
    self.layers = layers
    self.texts = texts
  }

  /// The share of all tokens that each selector keeps.
  public var shares: [Double] {
    let tokens = Double(max(1, texts.reduce(0) { $0 + $1.tokens }))
    return layers.indices.map { place in Double(texts.reduce(0) { $0 + $1.kept[place] }) / tokens }
  }
}
