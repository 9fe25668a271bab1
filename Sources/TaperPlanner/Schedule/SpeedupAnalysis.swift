public import TaperPlanFormat

/// The speedup analysis in work (LAT, the published form): multiply-adds of the encoder's layers as functions of the
/// keep counts.
///
/// The published form eliminates after attention: M_l = 4d²T(l−1) + 2dT(l−1)² + 2dfT(l). It leaves out biases, norms,
/// softmax, embeddings, head and lens, as the papers do. FLOPs = 2·MACs.
public struct SpeedupAnalysis: Hashable, Sendable {
  public var hidden: Int
  public var feedForward: Int
  public var dropping = DropPoint.afterAttention

  public init(hidden: Int, feedForward: Int) {
    self.hidden = hidden
    self.feedForward = feedForward
  }

  public init(_ shape: ModelShape, dropping: DropPoint = .afterAttention) {
    self.init(hidden: Int(shape.hidden), feedForward: Int(shape.feedForward))
    self.dropping = dropping
  }

  /// FLOPs of layers 1…L by the published form; `counts` is T(0)…T(L).
  public func publishedWork(_ counts: [Int]) -> Flops {
    var total = 0
    for number in counts.indices.dropFirst() {
      let entering = dropping == .beforeFirstLayer && number == 1 ? counts[1] : counts[number - 1]
      let leaving = dropping == .afterLayer ? entering : counts[number]
      total +=
        4 * hidden * hidden * entering + 2 * hidden * entering * entering + 2 * hidden * feedForward * leaving
    }
    return Flops(UInt64(2 * total))
  }

  /// K: dense over reduced published work; the dense encoder has `denseLayers` layers, as many as
  /// the reduced one when nil.
  public func publishedSpeedup(_ counts: [Int], denseLayers: Int? = nil) -> Double {
    let dense = [Int](repeating: counts[0], count: denseLayers.map { $0 + 1 } ?? counts.count)
    return Double(publishedWork(dense).rawValue) / Double(publishedWork(counts).rawValue)
  }
}

/// Where in a layer its tokens are dropped.
public enum DropPoint: Hashable, Sendable {
  /// By attention's scores: queries, keys and attention are computed for the T(l−1) rows entering.
  case afterAttention
  /// By selectors: all of the layer is.
  case afterLayer
  /// By words, before the first layer, which has T(1) rows; in later ones after attention.
  case beforeFirstLayer
}
