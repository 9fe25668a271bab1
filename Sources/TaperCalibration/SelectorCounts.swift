/// How many tokens a model's selectors let through, text by text, every selector seeing what the ones before it left.
public struct SelectorCounts: Hashable, Sendable {
  public struct Text: Hashable, Sendable {
    /// n
    public var tokens: Int
    /// Σ [π ≥ threshold], row 0 included whatever its π, one a selector: from 1 to n, never rising.
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

  /// Layers whose output is selected from, ascending from 1.
  public let layers: [Int]
  /// In data order.
  public let texts: [Text]

  public init(layers: [Int], texts: [Text]) {
    self.layers = layers
    self.texts = texts
  }

  /// Of all tokens, the share that goes on after each selector.
  public var shares: [Double] {
    let tokens = Double(max(1, texts.reduce(0) { $0 + $1.tokens }))
    return layers.indices.map { place in Double(texts.reduce(0) { $0 + $1.kept[place] }) / tokens }
  }
}
