import TaperPlanFormat

/// Which activation made `results` of `inputs`: found by computing each, however the graph writes it.
enum ActivationMatch {
  private static let known: [(Activation, GraphOperation.Unary)] = [
    (.gelu, .gelu), (.geluTanh, .geluTanh), (.relu, .relu), (.silu, .silu), (.tanh, .tanh),
  ]

  /// - Parameter factors: what the activated numbers are multiplied by.
  static func of(_ results: [Float], _ inputs: [Float], times factors: [Float]? = nil) -> Activation? {
    guard results.count == inputs.count, factors?.count ?? inputs.count == inputs.count else { return nil }
    let scale = results.reduce(Float(1e-6)) { max($0, abs($1)) }
    // The nearest: GELU and its tanh form differ by little.
    var best: (activation: Activation, error: Float)?
    for (activation, operation) in known {
      let error = results.indices.reduce(Float(0)) { largest, place in
        let value = Elementwise.value(operation, inputs[place]) * (factors?[place] ?? 1)
        return value.isFinite ? max(largest, abs(value - results[place])) : .infinity
      }
      if error <= 2e-5 * scale, error < best?.error ?? .infinity { best = (activation, error) }
    }
    return best?.activation
  }
}
