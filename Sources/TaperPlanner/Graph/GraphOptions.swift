package import TaperPlanFormat

/// Which ops a graph needs, besides what the model says.
package struct GraphOptions: Hashable, Sendable {
  /// The longest input.
  package var maximumLength: Int
  package var threads: Int
  /// Layers (1-based) that drop tokens for some input length.
  package var reducingLayers: Set<Int>
  /// How the model's selectors drop them; nil when attention's scores do.
  package var selection: TokenSelection?
  /// Penalties of the lexicon by which layer 1 drops tokens before it begins; nil when it does not.
  package var words: Int?
  /// The rule by which a layer's answer may end a run; nil when only the last layer answers.
  package var halting: HaltingRule?
  /// Whether the last states of dropped tokens are restored before pooling.
  package var restores: Bool
  /// Whether through the lens.
  package var readsLens: Bool
  package var instrumentation: Instrumentation

  package init(
    maximumLength: Int, threads: Int, reducingLayers: Set<Int>, selection: TokenSelection? = nil,
    words: Int? = nil, halting: HaltingRule? = nil, restores: Bool, readsLens: Bool = false,
    instrumentation: Instrumentation
  ) {
    self.maximumLength = maximumLength
    self.threads = threads
    self.reducingLayers = reducingLayers
    self.selection = selection
    self.words = words
    self.halting = halting
    self.restores = restores
    self.readsLens = readsLens
    self.instrumentation = instrumentation
  }
}
