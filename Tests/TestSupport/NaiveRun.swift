/// What `NaiveEncoder` computed on the way and in the end.
public struct NaiveRun: Sendable {
  /// Entry l: the states leaving layer l, one array a kept row; entry 0 leaves the embeddings.
  public internal(set) var hidden: [[[Double]]]
  /// Entry l: the original positions of the rows of `hidden[l]`.
  public internal(set) var positions: [[Int]]
  /// Entry l: every token's last state after layer l, at its original position; what a selector then drops still has it.
  public internal(set) var lastStates: [[[Double]]]
  /// Entry l − 1: the score S_l of each row entering layer l.
  public internal(set) var scores: [[Double]] = []
  /// By layer: π of each row leaving a layer with a selector, before selection.
  public internal(set) var selection: [Int: [Double]] = [:]
  /// The smallest gap, over the layers that dropped tokens, between a kept row's score and a dropped one's (row 0
  /// aside), and a threshold and a row's π. When it is below rounding, single precision may rightly keep another token.
  public internal(set) var selectionMargin = Double.infinity
  /// After pooling, pooler and norm: what a linear head reads.
  public internal(set) var pooled: [Double] = []
  /// Before softmax or sigmoid; equals `pooled` without linear head.
  public internal(set) var logits: [Double] = []
  /// The result as a plan gives it.
  public internal(set) var output: [Double] = []

  init(hidden: [[[Double]]], positions: [[Int]]) {
    self.hidden = hidden
    self.positions = positions
    lastStates = hidden
  }

  mutating func noteSelection(scores: [Double], kept: [Int]) {
    self.scores.append(scores)
    noteMargin(scores: scores, kept: kept)
  }

  mutating func noteMargin(scores: [Double], kept: [Int]) {
    let outlivesRun = Set(kept)
    let dropped = scores.indices.filter { !outlivesRun.contains($0) }.map { scores[$0] }.max()
    let weakest = kept.dropFirst().map { scores[$0] }.min()
    if let dropped, let weakest { selectionMargin = min(selectionMargin, weakest - dropped) }
  }
}
