import TaperModelSpec
import TaperPlanFormat

/// The head by definition: its steps on every token's state up to the pooling, then on one vector.
extension NaiveEncoder {
  /// - Parameter positions: where the states' tokens are in the text.
  func applyHead(
    to states: [[Double]], positions: [Int], isNormalized: Bool = false, _ run: inout NaiveRun
  ) {
    let head = model.head
    var rows = isNormalized ? states : finallyNormalized(states)
    for step in head.steps {
      if case .pool(let pooling) = step.operation {
        rows = [Self.pool(pooling, rows, positions: positions)]
      } else {
        rows = rows.map { apply(step.operation, $0) }
      }
    }
    run.pooled = rows.flatMap { $0 }
    if head.hasLinear { rows = rows.map { linear[.headWeight]!.apply($0) } }
    run.logits = rows.flatMap { $0 }
    switch head.kind {
    case .classification, .tokenClassification: run.output = rows.flatMap(NaiveMath.softmax)
    case .multiLabel: run.output = run.logits.map(NaiveMath.sigmoid)
    case .regression where head.hasSigmoid: run.output = run.logits.map(NaiveMath.sigmoid)
    case .embedding, .regression, .sparse, .tokenVectors: run.output = run.logits
    }
  }

  func finallyNormalized(_ states: [[Double]]) -> [[Double]] {
    model.form.normalizesFirst ? states.map { normalize($0, .finalNormGamma, .finalNormBeta) } : states
  }

  private func apply(_ operation: HeadStep.Operation, _ x: [Double]) -> [Double] {
    switch operation {
    case .pool: x
    case .dense(let weight, _, let activation):
      linear[weight]!.apply(x).map { NaiveMath.activate($0, activation) }
    case .layerNorm(let gamma, let beta, let epsilon):
      NaiveMath.layerNorm(
        x, gamma: tensors[gamma]!, beta: tensors[beta] ?? [Float](repeating: 0, count: x.count),
        epsilon: Double(epsilon))
    case .normalize: NaiveMath.l2Normalize(x)
    case .sigmoid: x.map(NaiveMath.sigmoid)
    case .log1p: x.map { NaiveMath.logarithm(1 + max(0, $0)) }
    }
  }

  static func pool(_ pooling: Pooling, _ rows: [[Double]], positions: [Int]) -> [Double] {
    let count = Double(rows.count)
    return rows[0].indices.map { column in
      let values = rows.map { $0[column] }
      let sum = values.reduce(0, +)
      switch pooling {
      case .mean: return sum / count
      case .cls, .tokens: return values[0]
      case .max: return values.max()!
      case .meanSqrtLength: return sum / count.squareRoot()
      case .weightedMean:
        let weights = positions.map { Double($0 + 1) }
        return zip(values, weights).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
      case .lastToken: return values.last!
      case .sum: return sum
      }
    }
  }
}
