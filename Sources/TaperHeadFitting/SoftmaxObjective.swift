import Glibc

/// Mean negative log-likelihood of multinomial logistic regression plus strength/2 · ‖weight‖²; biases are not
/// penalised.
///
/// Parameters: weight [classes, width], then bias [classes]. Adding a constant to all logits of an example changes
/// nothing, so the biases' common shift is undetermined. Starting at 0 keeps their sum at 0, because the sum of their
/// gradient is 0.
package struct SoftmaxObjective {
  /// [count, width], standardised.
  package let features: [Double]
  package let labels: [Int]
  package let width: Int
  package let classes: Int
  package var strength: Double
  /// [count, classes]: logits, then probabilities minus truth.
  private var residuals: [Double]

  package init(features: [Double], labels: [Int], width: Int, classes: Int, strength: Double) {
    precondition(features.count == labels.count * width)
    self.features = features
    self.labels = labels
    self.width = width
    self.classes = classes
    self.strength = strength
    residuals = [Double](repeating: 0, count: labels.count * classes)
  }

  package var parameterCount: Int { classes * (width + 1) }

  /// The mean negative log-likelihood, and the number of labels with the largest logit.
  mutating func likelihood(_ parameters: [Double]) -> (loss: Double, correct: Int) {
    logits(parameters)
    return softmax()
  }

  /// The class of largest logit of every example, the first of equals.
  mutating func answers(_ parameters: [Double]) -> [Int] {
    logits(parameters)
    return labels.indices.map { leader($0) }
  }

  /// Returns the value and fills `gradient`.
  package mutating func evaluate(_ parameters: [Double], _ gradient: inout [Double]) -> Double {
    let count = labels.count
    logits(parameters)
    var value = softmax().loss
    for row in 0..<count { residuals[row * classes + labels[row]] -= 1 }
    GEMM.multiply(
      residuals, transposingFirst: true, features, rows: classes, columns: width, depth: count,
      scale: 1 / Double(count), into: &gradient)
    var norm = 0.0
    for index in 0..<classes * width {
      norm += parameters[index] * parameters[index]
      gradient[index] += strength * parameters[index]
    }
    value += strength / 2 * norm
    for output in 0..<classes {
      var sum = 0.0
      for row in 0..<count { sum += residuals[row * classes + output] }
      gradient[classes * width + output] = sum / Double(count)
    }
    return value
  }

  private mutating func logits(_ parameters: [Double]) {
    GEMM.multiply(
      features, parameters, transposingSecond: true, rows: labels.count, columns: classes, depth: width,
      into: &residuals)
    for row in 0..<labels.count {
      for output in 0..<classes { residuals[row * classes + output] += parameters[classes * width + output] }
    }
  }

  /// The class of the largest logit of a row.
  private func leader(_ row: Int) -> Int {
    let start = row * classes
    var best = 0
    for output in 1..<classes where residuals[start + output] > residuals[start + best] { best = output }
    return best
  }

  /// Turns logits into probabilities.
  private mutating func softmax() -> (loss: Double, correct: Int) {
    var loss = 0.0
    var correct = 0
    for row in 0..<labels.count {
      let start = row * classes
      let best = leader(row)
      if best == labels[row] { correct += 1 }
      let largest = residuals[start + best]
      loss -= residuals[start + labels[row]] - largest
      var sum = 0.0
      for output in 0..<classes {
        residuals[start + output] = exp(residuals[start + output] - largest)
        sum += residuals[start + output]
      }
      loss += log(sum)
      for output in 0..<classes { residuals[start + output] /= sum }
    }
    return (loss / Double(labels.count), correct)
  }
}
