import Glibc
import TaperPlanFormat

/// DeBERTa's disentangled attention (He et al., 2021): content to position and position to content,
///
///     score(i, j) = (qᵢ·kⱼ + qᵢ·K(δ) + kⱼ·Q(δ)) / √(3·d),   δ = i − j
///
/// where K and Q are projections of one embedding of relative positions, shared by all layers. Its row for δ is
/// `bucket(δ) + span`, within the table.
public struct DisentangledSpec: Hashable, Sendable {
  /// Half of the rows of the embedding.
  public var span: Int
  /// Distances up to half of it have a row each, and longer ones share rows, logarithmically; nil for a row each.
  public var buckets: Int?
  /// The distance at which the last bucket is reached.
  public var maximumDistance: Int
  /// Whether K and Q are the layer's key and query projections; else it has projections of their own.
  public var sharesProjections: Bool

  public init(span: Int, buckets: Int?, maximumDistance: Int, sharesProjections: Bool) {
    self.span = span
    self.buckets = buckets
    self.maximumDistance = maximumDistance
    self.sharesProjections = sharesProjections
  }

  /// The row of the embedding for query position − key position.
  ///
  /// Precision and order of operations follow transformers (make_log_bucket_position), as in `RelativeBiasSpec`.
  public func row(distance: Int) -> Int { min(max(bucket(distance) + span, 0), 2 * span - 1) }

  private func bucket(_ distance: Int) -> Int {
    guard let buckets else { return distance }
    let middle = buckets / 2
    if abs(distance) <= middle { return distance }
    let ratio = logf(Float(abs(distance)) / Float(middle))
    let whole = logf(Float(Double(maximumDistance - 1) / Double(middle)))
    let magnitude = ceilf(ratio / whole * Float(middle - 1)) + Float(middle)
    return Int(magnitude) * distance.signum()
  }
}

extension ModelSpec {
  /// What attention of `layer` multiplies queries (with `forQueries`) or keys by for each distance: [2·reach − 1, hidden],
  /// where row r is for key position − query position = r − (reach − 1).
  /// - Throws: `roleAbsent` for a family without disentangled attention.
  public func rowsByDistance(layer: Int, forQueries: Bool, reach: Int) throws(ModelSpecError) -> [Float] {
    guard let spec = form.disentangled else {
      throw .roleAbsent(role: TensorRole.positionRows.rawValue, model: name)
    }
    let hidden = Int(shape.hidden)
    let parts: (weight: LayerPart, bias: LayerPart) =
      switch (forQueries, spec.sharesProjections) {
      case (true, true): (.keyWeight, .keyBias)
      case (true, false): (.positionKeyWeight, .positionKeyBias)
      case (false, true): (.queryWeight, .queryBias)
      case (false, false): (.positionQueryWeight, .positionQueryBias)
      }
    let embedding = try normalizedPositions()
    let weight = try tensor(.layer(layer, parts.weight))
    let bias = try tensor(.layer(layer, parts.bias))
    var projected: [Int: [Float]] = [:]
    var table: [Float] = []
    table.reserveCapacity((2 * reach - 1) * hidden)
    for distance in (1 - reach...reach - 1) {
      let row = spec.row(distance: -distance)
      let values =
        projected[row]
        ?? Self.project(embedding[row * hidden..<(row + 1) * hidden], weight: weight, bias: bias)
      projected[row] = values
      table += values
    }
    return table
  }

  /// The embedding of relative positions, after its norm where it has one.
  private func normalizedPositions() throws(ModelSpecError) -> [Float] {
    var rows = try tensor(.positionRows)
    guard has(.positionNormGamma) else { return rows }
    let (gamma, beta) = (try tensor(.positionNormGamma), try tensor(.positionNormBeta))
    let width = gamma.count
    for start in stride(from: 0, to: rows.count, by: width) {
      let row = rows[start..<start + width].map(Double.init)
      let mean = row.reduce(0, +) / Double(width)
      let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
      let scale = 1 / (variance + Double(layerNormEpsilon)).squareRoot()
      for column in 0..<width {
        rows[start + column] = Float((row[column] - mean) * scale) * gamma[column] + beta[column]
      }
    }
    return rows
  }

  /// weight · x + bias with weight [out, in].
  private static func project(_ x: ArraySlice<Float>, weight: [Float], bias: [Float]) -> [Float] {
    let x = Array(x)
    let (input, weights) = (x.span, weight.span)
    return bias.indices.map { output in
      var sums = SIMD8<Float>()
      let row = weights.extracting(output * input.count..<(output + 1) * input.count)
      var column = 0
      while column + 8 <= input.count {
        for lane in 0..<8 { sums[lane] += row[column + lane] * input[column + lane] }
        column += 8
      }
      var sum = sums.sum()
      while column < input.count {
        sum += row[column] * input[column]
        column += 1
      }
      return sum + bias[output]
    }
  }
}
