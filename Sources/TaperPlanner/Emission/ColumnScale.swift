/// The scale of one output column of an int8 weight: w ≈ code · scale, codes within ±127.
enum ColumnScale {
  /// The scale for a column's weights: the largest absolute weight at 127; 1 for a column of zeros.
  static func best(_ weights: UnsafeBufferPointer<Float>) -> Float {
    var largest: Float = 0
    for k in weights.indices { largest = max(largest, unsafe abs(weights[k])) }
    return largest > 0 ? largest / 127 : 1
  }

  /// Rounded to nearest, ties to even.
  static func code(_ weight: Float, scale: Float) -> Int8 {
    Int8(max(-127, min(127, (weight / scale).rounded(.toNearestOrEven))))
  }
}
