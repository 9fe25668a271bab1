/// How well a head's outputs fit the targets of some examples.
struct RegressionFit {
  let meanSquaredError: Double
  let rSquared: Double
  let pearson: Double
  /// The first output of each row.
  let values: [Float]

  init(
    _ features: [Float], width: Int, _ targets: [Float], outputs: Int, rows: [Int], weight: [Float],
    bias: [Float], weights: ExampleWeights = ExampleWeights()
  ) {
    let count = weights.total(rows)
    var squaredError = 0.0
    var variation = 0.0
    var correlation = 0.0
    var first: [Float] = []
    for output in 0..<outputs {
      var found: [Double] = []
      var truth: [Double] = []
      for row in rows {
        var sum = Double(bias[output])
        for column in 0..<width {
          sum += Double(weight[output * width + column]) * Double(features[row * width + column])
        }
        found.append(sum)
        truth.append(Double(targets[row * outputs + output]))
      }
      if output == 0 { first = found.map { Float($0) } }
      let shares = rows.map { weights[$0] }
      let foundMean = zip(shares, found).reduce(0) { $0 + $1.0 * $1.1 } / count
      let truthMean = zip(shares, truth).reduce(0) { $0 + $1.0 * $1.1 } / count
      var covariance = 0.0
      var foundVariation = 0.0
      var truthVariation = 0.0
      for (share, (a, b)) in zip(shares, zip(found, truth)) {
        squaredError += share * (a - b) * (a - b)
        covariance += share * (a - foundMean) * (b - truthMean)
        foundVariation += share * (a - foundMean) * (a - foundMean)
        truthVariation += share * (b - truthMean) * (b - truthMean)
      }
      variation += truthVariation
      let scale = (foundVariation * truthVariation).squareRoot()
      correlation += scale > 0 ? covariance / scale : 0
    }
    values = first
    meanSquaredError = squaredError / (count * Double(outputs))
    rSquared = variation > 0 ? 1 - squaredError / variation : 0
    pearson = correlation / Double(outputs)
  }
}
