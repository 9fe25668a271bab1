import Glibc
import TaperPlanFormat

extension ModelSpec {
  /// The relative attention bias by signed distance: [heads, 2·reach − 1], where column c of a head's row is the bias
  /// of a key at `c − (reach − 1)` = key position − query position. A run of n ≤ reach tokens reads columns
  /// reach − n ... reach + n − 2.
  /// - Parameter reach: the longest input, in tokens; at least 1.
  /// - Throws: `roleAbsent` for a family without relative bias.
  public func relativeBiasByDistance(reach: Int) throws(ModelSpecError) -> [Float] {
    precondition(reach >= 1, "a bias table reaches over at least one token")
    guard let relativeBias else { throw .roleAbsent(role: TensorRole.relativeBias.rawValue, model: name) }
    let byBucket = try tensor(.relativeBias)
    let heads = Int(shape.heads)
    let width = 2 * reach - 1
    var table = [Float](repeating: 0, count: heads * width)
    for column in 0..<width {
      let bucket = relativeBias.bucket(distance: column - (reach - 1))
      for head in 0..<heads { table[head * width + column] = byBucket[bucket * heads + head] }
    }
    return table
  }
}

/// A relative attention bias as in T5 (Raffel et al., 2020, section 2.1), bidirectional, as MPNet uses it: one learned
/// number per head and bucket, shared by all layers and added to QKᵀ/√d before the softmax.
///
/// The bucket of a pair depends on key position − query position only. Half of the buckets serve keys at or before
/// the query, half those after it; in each half the first ones stand for one distance each, the others
/// grow logarithmically up to `maximumDistance`, and all greater distances share the last.
public struct RelativeBiasSpec: Hashable, Sendable {
  public var buckets: Int
  public var maximumDistance: Int

  public init(buckets: Int, maximumDistance: Int) {
    self.buckets = buckets
    self.maximumDistance = maximumDistance
  }

  /// The bucket of a key `distance` = key position − query position away: 0 ..< buckets.
  ///
  /// Precision and order of operations follow transformers (MPNetEncoder.relative_position_bucket): exact powers fall
  /// on bucket edges, where other rounding would choose the neighbouring bucket.
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

/// Natural logarithms, named apart from Glibc's overloads so that the argument's type chooses the precision.
private func logarithm(_ x: Float) -> Float { logf(x) }
private func logarithm(_ x: Double) -> Double { log(x) }
