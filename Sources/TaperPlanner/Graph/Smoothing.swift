package import TaperModelSpec

/// Makes outlying columns of a norm's output easier to quantise to int8. Column j is divided by s_j, and column j of
/// the weights is multiplied by it, which does not change the products.
///
/// After SmoothQuant (Xiao et al. 2023), s_j = √(max|x_j| / max|W_j|), at its migration strength of one half. The
/// maximum of x_j is not calibrated but derived from the norm (ours): the output is γ·z + β, with z of mean 0 and
/// variance 1 over the row, so it is |β| + 3|γ|. On MiniLM-L6 this is nearly as good as the calibrated maximum, and
/// smoothing the two products that no norm feeds gains nothing (docs/int8.md).
///
/// No column may reach further, once divided, than `mostReach` times the median column: a row's codes have one scale,
/// so a column with a huge weight would leave the others without any. All s_j share a power of two that makes the
/// median about one; it changes no code, and keeps small weights normal.
package struct Smoothing: Hashable, Sendable {
  /// The norm's parameters.
  package var gamma: TensorRole
  /// nil for a norm without a shift.
  package var beta: TensorRole?
  /// The weights of all products that read it.
  package var weights: [TensorRole]

  static let mostReach = 16.0

  /// s by column; 1 where the quotient is not a usable divisor.
  package static func scales(gamma: [Float], beta: [Float], largestWeights: [Float]) -> [Float] {
    let reaches = gamma.indices.map { Double(abs(beta[$0]) + 3 * abs(gamma[$0])) }
    // What columns reach once divided.
    let divided = zip(reaches, largestWeights).map { ($0 * Double($1)).squareRoot() }
    let most = mostReach * median(divided)
    let scales = zip(reaches, divided).map { $0 / min($1, most) }
    let middle = median(scales)
    let shared = middle > 0 ? Double(sign: .plus, exponent: middle.exponent, significand: 1) : 1
    return scales.map { scale in
      let scale = Float(scale / shared)
      return scale.isNormal && (1 / scale).isNormal ? scale : 1
    }
  }

  /// The median of those that are positive and finite; 0 of none.
  private static func median(_ values: [Double]) -> Double {
    let usable = values.filter { $0 > 0 && $0.isFinite }.sorted()
    return usable.isEmpty ? 0 : usable[usable.count / 2]
  }
}
