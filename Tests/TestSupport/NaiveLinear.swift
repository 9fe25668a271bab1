/// y = x·Wᵀ + b with W [out, in]; without a bias y = x·Wᵀ. The weight is kept transposed, so that the inner loop runs
/// along memory.
struct NaiveLinear: Sendable {
  private let inputs: Int
  private let outputs: Int
  /// [inputs, outputs]
  private let transposed: [Float]
  private let bias: [Float]

  init(weight: [Float], bias: [Float]?, shape: [Int]) {
    outputs = shape[0]
    inputs = shape[1]
    var transposed = [Float](repeating: 0, count: weight.count)
    for output in 0..<outputs {
      for input in 0..<inputs { transposed[input * outputs + output] = weight[output * inputs + input] }
    }
    self.transposed = transposed
    self.bias = bias ?? [Float](repeating: 0, count: outputs)
  }

  func apply(_ x: [Double]) -> [Double] {
    precondition(x.count == inputs)
    var y = bias.map(Double.init)
    var sums = y.mutableSpan
    let weights = transposed.span
    for input in 0..<inputs {
      let value = x[input]
      let row = weights.extracting(input * outputs..<(input + 1) * outputs)
      for output in row.indices { sums[output] += value * Double(row[output]) }
    }
    return y
  }
}
