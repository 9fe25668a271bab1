/// XᵀX and Xᵀ(y − mean y) per example, X standardised; of weighted examples weighted means.
struct NormalEquations {
  private let standardization: Standardization
  private let width: Int
  private let outputs: Int
  /// [width, width].
  private var gram: [Double]
  /// [outputs, width].
  private var moments: [Double]
  private var targetMeans: [Double]

  init(
    _ features: [Float], width: Int, _ targets: [Float], outputs: Int, rows: [Int],
    weights: ExampleWeights = ExampleWeights()
  ) {
    self.width = width
    self.outputs = outputs
    standardization = Standardization(features, width: width, rows: rows, weights: weights)
    let scale = 1 / weights.total(rows)
    var x = standardization.apply(features, rows: rows)
    targetMeans = [Double](repeating: 0, count: outputs)
    for row in rows {
      for output in 0..<outputs {
        targetMeans[output] += weights[row] * Double(targets[row * outputs + output]) * scale
      }
    }
    var centred = [Double](repeating: 0, count: rows.count * outputs)
    for (index, row) in rows.enumerated() {
      let root = weights[row].squareRoot()
      for column in 0..<width { x[index * width + column] *= root }
      for output in 0..<outputs {
        centred[index * outputs + output] =
          root * (Double(targets[row * outputs + output]) - targetMeans[output])
      }
    }
    gram = [Double](repeating: 0, count: width * width)
    moments = [Double](repeating: 0, count: outputs * width)
    GEMM.multiply(
      x, transposingFirst: true, x, rows: width, columns: width, depth: rows.count, scale: scale, into: &gram)
    GEMM.multiply(
      centred, transposingFirst: true, x, rows: outputs, columns: width, depth: rows.count, scale: scale,
      into: &moments)
  }

  /// The head for raw features.
  func solve(strength: Double) -> (weight: [Float], bias: [Float]) {
    var matrix = gram
    for index in 0..<width { matrix[index * width + index] += strength }
    guard let cholesky = Cholesky(matrix, size: width) else {
      preconditionFailure("a Gram matrix plus a positive diagonal is positive definite")
    }
    var weight: [Double] = []
    for output in 0..<outputs {
      weight += cholesky.solve(Array(moments[output * width..<(output + 1) * width]))
    }
    return standardization.fold(weight: weight, bias: targetMeans)
  }
}
