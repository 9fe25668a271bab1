/// The scale of one output column of an int8 weight: w ≈ code · scale, codes within ±127.
enum ColumnScale {
  /// The scale for a column's weights: the largest absolute weight at 127; 1 for a column of zeros.
  static func best(_ weights: UnsafeBufferPointer<Float>) -> Float {
    var largest: Float = 0
    for k in weights.indices { largest = max(largest, unsafe abs(weights[k])) }
    return largest > 0 ? largest / 127 : 1
  }

  /// The scale at which the codes of every two neighbours fit panelI8Pairs: what is largest among the weights and the
  /// sums of neighbours of one sign at 127, which rounding makes at most 128. Its codes are coarser by a quarter on
  /// average (decision 22).
  static func ofPairs(_ weights: UnsafeBufferPointer<Float>) -> Float {
    var largest: Float = 0
    for k in stride(from: 0, to: weights.count, by: 2) {
      let (a, b) = unsafe (weights[k], k + 1 < weights.count ? weights[k + 1] : 0)
      // Halves, whose sum does not overflow.
      largest = max(largest, abs(a) / 2, abs(b) / 2, abs(a / 2 + b / 2))
    }
    return largest > 0 ? largest / 63.5 : 1
  }

  /// Rounded to nearest, ties to even.
  static func code(_ weight: Float, scale: Float) -> Int8 {
    Int8(max(-127, min(127, (weight / scale).rounded(.toNearestOrEven))))
  }
}
