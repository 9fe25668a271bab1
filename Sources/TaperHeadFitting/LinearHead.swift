import Glibc

/// A linear head: output = weight · features + bias.
public struct LinearHead: Hashable, Sendable {
  /// [outputs, width], row-major.
  public var weight: [Float]
  /// [outputs].
  public var bias: [Float]
  public var width: Int
  /// One per output for classification; empty for regression.
  public var labels: [String]
  public var report: FitReport

  public var outputs: Int { bias.count }

  /// - Precondition: weight is [bias.count, width].
  public init(weight: [Float], bias: [Float], width: Int, labels: [String], report: FitReport) {
    precondition(weight.count == bias.count * width)
    self.weight = weight
    self.bias = bias
    self.width = width
    self.labels = labels
    self.report = report
  }

  /// The head's outputs (logits, or numbers) for `count` examples: [count, outputs].
  /// - Precondition: features is [count, width].
  public func outputs(features: [Float], count: Int) -> [Float] {
    precondition(features.count == count * width)
    var result: [Float] = []
    result.reserveCapacity(count * outputs)
    for _ in 0..<count { result.append(contentsOf: bias) }
    GEMM.multiply(
      features, weight, transposingSecond: true, rows: count, columns: outputs, depth: width,
      addingTo: &result)
    return result
  }

  /// Softmax of the outputs: [count, outputs].
  public func probabilities(features: [Float], count: Int) -> [Float] {
    var result = outputs(features: features, count: count)
    for row in 0..<count {
      let range = row * outputs..<(row + 1) * outputs
      let largest = result[range].max() ?? 0
      var sum: Float = 0
      for index in range {
        result[index] = exp(result[index] - largest)
        sum += result[index]
      }
      for index in range { result[index] /= sum }
    }
    return result
  }

  /// The output of largest value, the first of equals, for each of `count` examples.
  public func predictions(features: [Float], count: Int) -> [Int] {
    let result = outputs(features: features, count: count)
    return (0..<count).map { row in
      var best = 0
      for output in 1..<max(1, outputs) where result[row * outputs + output] > result[row * outputs + best] {
        best = output
      }
      return best
    }
  }
}
