package import TaperPlanFormat

/// Which ops a graph needs, beyond the model itself.
package struct GraphOptions: Hashable, Sendable {
  /// Input lengths go up to this.
  package var maximumLength: Int
  package var threads: Int
  /// Layers (1-based) that drop tokens for some input length.
  package var reducingLayers: Set<Int>
  /// How they drop them when the model's selectors do; nil when attention's scores do.
  package var selection: TokenSelection?
  /// When a layer's answer may end a run; nil when only the last layer answers.
  package var halting: HaltingRule?
  /// Dropped tokens' last states are put back before pooling.
  package var restores: Bool
  package var instrumentation: Instrumentation

  package init(
    maximumLength: Int, threads: Int, reducingLayers: Set<Int>, selection: TokenSelection? = nil,
    halting: HaltingRule? = nil, restores: Bool, instrumentation: Instrumentation
  ) {
    self.maximumLength = maximumLength
    self.threads = threads
    self.reducingLayers = reducingLayers
    self.selection = selection
    self.halting = halting
    self.restores = restores
    self.instrumentation = instrumentation
  }
}
