public import TaperPlanFormat

/// A plan as a tree of numbers: what `taper explain` reports.
public struct Explanation: Hashable, Sendable {
  /// One input length end to end.
  public struct Length: Hashable, Sendable {
    public var tokens: Int
    /// T(1)…T(L).
    public var keepCounts: [Int]
    public var planned: Prediction
    public var denseTime: Nanoseconds
    /// Dense over planned predicted time.
    public var timeSpeedup: Double
    /// Dense over planned work of the two op lists: nothing is computed for a dropped row. Nil where no layer is left
    /// to multiply.
    public var workSpeedup: Double?
    /// K of the published form; nil where no layer is left.
    public var publishedSpeedup: Double?
    /// For a plan whose work depends on the input: the time expected from the calibration; `planned` is the worst case.
    public var expected: ExpectedTime?
    /// Mean T(1)…T(L), as expected; empty for other plans.
    public var expectedTokens: [Float]
  }

  /// One op at the detail length.
  public struct Op: Hashable, Sendable {
    /// Place in the plan's op list.
    public var number: Int
    public var kind: OpKind
    /// What it computes, in the plan's words: "qkv", "attention.output + bias + residual + norm".
    public var title: String
    public var kernel: String
    public var shape: String
    public var condition: OpGuard
    /// Whether it runs at the detail length.
    public var runs: Bool
    public var prediction: Prediction
    /// Of the ops' total predicted time.
    public var share: Double
  }

  /// The embeddings (layer 0), a layer, or pooling and head (L + 1).
  public struct Section: Hashable, Sendable {
    public var layer: Int
    public var title: String
    public var tokensIn: Int
    public var tokensOut: Int
    /// Tokens leaving it, at each of `lengths`.
    public var keepCounts: [Int]
    public var time: Nanoseconds
    public var share: Double
    /// The bound under which most of its time is spent, and the share that is.
    public var bound: Bound
    public var boundShare: Double
    public var ops: [Op]
  }

  /// A selector that the plan runs (TR-BERT).
  public struct Selector: Hashable, Sendable {
    /// The layer after which it runs.
    public var layer: Int
    /// Tokens with π at least this go on, at most the keep counts; nil when the keep counts alone decide.
    public var threshold: Double?
    /// Share of the calibration's texts that would have kept more tokens than the keep counts allow.
    public var cappedShare: Float?
  }

  public var selectors: [Selector]
  /// Over the calibration's texts, each at its own length.
  public var expected: ExpectedTime?
  public var calibrationTexts: Int
  public var lengths: [Length]
  /// The length that `sections` are about: the largest.
  public var detailLength: Int
  public var sections: [Section]
  public var arena: ArenaLayout
  public var weightBytes: Bytes
  public var tensorCount: Int
}
