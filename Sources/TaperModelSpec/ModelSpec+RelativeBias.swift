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
