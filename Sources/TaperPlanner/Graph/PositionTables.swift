import Glibc

/// Rotary angles, as a plan stores them: for every position the cosines of a head's pairs, then their sines.
enum RotaryAngles {
  /// [positions, headSize]. Pair i turns by position · theta^(−2i/headSize). Frequencies and angles are rounded to f32
  /// where the reference rounds them: at position 8,000 a more precise angle would differ from its by 1e-4.
  /// - Precondition: `headSize` is even.
  static func table(theta: Float, positions: Int, headSize: Int) -> [Float] {
    let half = headSize / 2
    let frequencies = (0..<half).map { 1 / powf(theta, Float(2 * $0) / Float(headSize)) }
    var table: [Float] = []
    table.reserveCapacity(positions * headSize)
    for position in 0..<positions {
      let angles = frequencies.map { Float(position) * $0 }
      table += angles.map { Float(cos(Double($0))) }
      table += angles.map { Float(sin(Double($0))) }
    }
    return table
  }
}

/// A local window in the form of a relative bias: attention adds it by distance, key position − query position.
enum DistanceWindow {
  /// What is added beyond the window: e to the power of it is zero in f32 and bf16, and no score lifts it.
  static let beyond: Float = -1e9

  /// [heads, 2·reach − 1], the distances from −(reach − 1) on.
  static func table(_ window: Int, reach: Int, heads: Int) -> [Float] {
    let row = (1 - reach...reach - 1).map { abs($0) <= window ? 0 : beyond }
    return (0..<heads).flatMap { _ in row }
  }
}
