/// A relative attention bias in T5's manner (Raffel et al., 2020, section 2.1), bidirectional, as MPNet uses it: one
/// learned number a head and bucket, shared by all layers, added to QKᵀ/√d before the softmax.
///
/// The bucket of a pair depends on key position − query position only. Half of the buckets serve keys at or before
/// the query, half those after it; in each half the first ones stand for one exact distance each, the rest grow
/// logarithmically up to `maximumDistance`, and everything farther shares the last.
public struct RelativeBiasSpec: Hashable, Sendable {
  public var buckets: Int
  public var maximumDistance: Int

  public init(buckets: Int, maximumDistance: Int) {
    self.buckets = buckets
    self.maximumDistance = maximumDistance
  }

  /// The bucket of a key `distance` = key position − query position away: 0 ..< buckets.
  ///
  /// Single precision and this order of operations are transformers' (MPNetEncoder.relative_position_bucket):
  /// exact powers fall on bucket edges, where another rounding would choose the neighbour.
  public func bucket(distance: Int) -> Int {
    let half = buckets / 2
    let base = distance > 0 ? half : 0
    let magnitude = abs(distance)
    let exact = half / 2
    if magnitude < exact { return base + magnitude }
    let ratio = logarithm(Float(magnitude) / Float(exact))
    let scaled = ratio / Float(logarithm(Double(maximumDistance) / Double(exact))) * Float(half - exact)
    return base + min(exact + Int(scaled), half - 1)
  }
}
