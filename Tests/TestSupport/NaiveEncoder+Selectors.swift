import TaperModelSpec
import TaperPlanFormat

/// Who chooses the tokens that go on, below the keep counts.
public enum NaiveChoice: Hashable, Sendable {
  /// Attention's scores, in every layer.
  case attention
  /// The model's selectors: those with π ≥ threshold.
  case selectorsByThreshold
  /// The model's selectors: as many as the keep counts say.
  case selectorsByCount
  /// Before the first layer those of largest score by id, less a penalty by earlier occurrences (the last for all
  /// more); in later layers attention's scores.
  case words(scores: [Float], penalties: [Float])

  var readsAttention: Bool {
    switch self {
    case .attention, .words: true
    case .selectorsByThreshold, .selectorsByCount: false
    }
  }
}

/// What stands in the mean for the tokens that a layer drops: weight · (their mean) + bias.
public struct NaiveLens: Sendable {
  /// By layer: [hidden, hidden] and [hidden].
  public var maps: [Int: (weight: [Float], bias: [Float])]
  public init(maps: [Int: (weight: [Float], bias: [Float])]) { self.maps = maps }

  func image(of states: [[Double]], layer: Int) -> [Double] {
    guard let map = maps[layer], let width = states.first?.count else { return [] }
    let mean = (0..<width).map { column in states.reduce(0) { $0 + $1[column] } / Double(states.count) }
    return map.bias.indices.map { row in
      mean.indices.reduce(Double(map.bias[row])) { $0 + Double(map.weight[row * width + $1]) * mean[$1] }
    }
  }
}

extension NaiveEncoder {
  /// The rows of `states`, which leave `layer`, that go on: row 0 and, by the selector's
  ///
  ///     π(i) = σ(w2ᵀ GELU(W1 h_i + b1) + b2),
  ///
  /// up to `limit` rows in all of those with π ≥ threshold, or of all; the larger π first, ties to the lower row.
  /// nil where there is no selector.
  func select(
    _ layer: Int, _ states: [[Double]], atMost limit: Int, _ choice: NaiveChoice, _ run: inout NaiveRun
  ) -> [Int]? {
    guard let selector = model.tuned?.selector, selector.layers.contains(layer) else { return nil }
    let logits = states.map { state in
      let inner = linear[.selector(layer, .w1Weight)]!.apply(state).map { NaiveMath.activate($0, .gelu) }
      return linear[.selector(layer, .w2Weight)]!.apply(inner)[0]
    }
    let pi = logits.map { 1 / (1 + NaiveMath.exponential(-$0)) }
    run.selection[layer] = pi
    var count = limit
    if choice == .selectorsByThreshold {
      count = min(count, 1 + pi.dropFirst().count { $0 >= selector.threshold })
      for value in pi.dropFirst() {
        run.selectionMargin = min(run.selectionMargin, abs(value - selector.threshold))
      }
    }
    let kept = keep(count, of: logits)
    if count == limit { run.noteMargin(scores: pi, kept: kept) }
    return kept
  }
}
