/// Slots kept alive to the end of a run under known names, for planning-time runs (calibration, head fitting, tests).
public struct Instrumentation: OptionSet, Hashable, Sendable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// "importance.<l>" for l in 1...L: per-head partial token scores [heads, n]: column sums of the softmax
  /// probabilities. Needs a dense target.
  public static let importance = Instrumentation(rawValue: 1)
  /// "hidden.<l>" for l in 0...L: each layer's output [T(l), hidden]; 0 is the embeddings.
  public static let hiddenStates = Instrumentation(rawValue: 2)
  /// "features" [1, hidden]: the pooled features a linear head reads.
  public static let features = Instrumentation(rawValue: 4)
  /// "readout" [1, hidden]: what the pooling gives; of a plan with a lens "layer.<l>.dropped" [1, hidden] too: the mean
  /// of the tokens that layer l drops, of a text that loses some there.
  public static let readOut = Instrumentation(rawValue: 8)
}
