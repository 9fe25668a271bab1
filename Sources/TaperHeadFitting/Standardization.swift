/// Shifts and scales features to mean 0 and variance 1, column by column, and folds that back into a head's weights.
///
/// A constant column gets scale 0, so its weight is 0. So does one whose deviation is below a thousandth of the median
/// column's: MiniLM's last norm scales three dimensions to 1e-9, and the weights of 1e7 that would compensate for it
/// would amplify rounding into the outputs.
struct Standardization {
  let means: [Double]
  /// 1 / standard deviation, or 0.
  let scales: [Double]

  /// Of the examples `rows` of features [count, width].
  init(_ features: [Float], width: Int, rows: [Int], weights: ExampleWeights = ExampleWeights()) {
    let count = weights.total(rows)
    var means = [Double](repeating: 0, count: width)
    for row in rows {
      for column in 0..<width { means[column] += weights[row] * Double(features[row * width + column]) }
    }
    for column in 0..<width { means[column] /= count }
    var squares = [Double](repeating: 0, count: width)
    for row in rows {
      for column in 0..<width {
        let distance = Double(features[row * width + column]) - means[column]
        squares[column] += weights[row] * distance * distance
      }
    }
    self.means = means
    let deviations = squares.map { ($0 / count).squareRoot() }
    let usual = deviations.sorted()[width / 2]
    scales = (0..<width).map { column in
      // Rounding of a constant column's mean is no variance.
      let least = max(1e-7 * max(abs(means[column]), 1e-12), 1e-3 * usual)
      return deviations[column] > least ? 1 / deviations[column] : 0
    }
  }

  /// [rows.count, width], standardised.
  func apply(_ features: [Float], rows: [Int]) -> [Double] {
    let width = means.count
    var result = [Double](repeating: 0, count: rows.count * width)
    for (index, row) in rows.enumerated() {
      for column in 0..<width {
        result[index * width + column] =
          (Double(features[row * width + column]) - means[column]) * scales[column]
      }
    }
    return result
  }

  /// Weight [outputs, width] and bias for raw features, from those for standardised ones.
  func fold(weight: [Double], bias: [Double]) -> (weight: [Float], bias: [Float]) {
    let width = means.count
    var folded = [Float](repeating: 0, count: weight.count)
    var shifted: [Float] = []
    for (output, bias) in bias.enumerated() {
      var shift = bias
      for column in 0..<width {
        let value = weight[output * width + column] * scales[column]
        folded[output * width + column] = Float(value)
        shift -= value * means[column]
      }
      shifted.append(Float(shift))
    }
    return (folded, shifted)
  }
}
