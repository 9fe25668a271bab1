package import TaperModelSpec

/// Makes outlying columns of a norm's output easier to quantise to int8. Column j is divided by s_j, and column j of
/// the weights is multiplied by it, which does not change the products.
///
/// After SmoothQuant (Xiao et al. 2023), s_j = √(max|x_j| / max|W_j|), at its migration strength of one half. The
/// maximum of x_j is not calibrated but derived from the norm (ours): the output is γ·z + β, with z of mean 0 and
/// variance 1 over the row, so it is |β| + 3|γ|. On MiniLM-L6 this is nearly as good as the calibrated maximum, and
/// smoothing the two products that no norm feeds gains nothing (docs/int8.md).
package struct Smoothing: Hashable, Sendable {
  /// The norm's parameters.
  package var gamma: TensorRole
  /// nil for a norm without a shift.
  package var beta: TensorRole?
  /// The weights of all products that read it.
  package var weights: [TensorRole]

  /// s by column; 1 where the quotient is not a usable divisor.
  static func scales(gamma: [Float], beta: [Float], largestWeights: [Float]) -> [Float] {
    gamma.indices.map { j in
      let scale = ((abs(beta[j]) + 3 * abs(gamma[j])) / largestWeights[j]).squareRoot()
      return scale.isNormal && (1 / scale).isNormal ? scale : 1
    }
  }
}
