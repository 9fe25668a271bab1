package import TaperModelSpec

/// Outlying columns of a norm's output made easy on int8 before its products read it: column j is divided by s_j and the
/// weights' column j multiplied by it, which leaves the products as they were.
///
/// After SmoothQuant (Xiao et al. 2023), s_j = √(max|x_j| / max|W_j|) at its migration strength of one half. What x_j
/// reaches is not calibrated but read off the norm (ours): its output is γ·z + β with z of mean 0 and variance 1 over
/// the row, so |β| + 3|γ|. Measured on MiniLM-L6 that is worth nearly as much as the calibrated reach; smoothing the
/// two products that no norm feeds is worth nothing (docs/int8.md).
package struct Smoothing: Hashable, Sendable {
  /// The norm's.
  package var gamma: TensorRole
  package var beta: TensorRole
  /// Of all products that read it.
  package var weights: [TensorRole]

  /// s by column; 1 where the quotient is no number to divide by.
  static func scales(gamma: [Float], beta: [Float], largestWeights: [Float]) -> [Float] {
    gamma.indices.map { j in
      let scale = ((abs(beta[j]) + 3 * abs(gamma[j])) / largestWeights[j]).squareRoot()
      return scale.isNormal && (1 / scale).isNormal ? scale : 1
    }
  }
}
