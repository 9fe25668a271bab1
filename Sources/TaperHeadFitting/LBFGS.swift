/// Limited-memory BFGS for smooth convex functions (Nocedal 1980; two-loop recursion of Nocedal & Wright,
/// algorithm 7.4).
///
/// The line search bisects on the weak Wolfe conditions (Lewis & Overton 2013). It needs only function and gradient,
/// and it keeps sᵀy > 0, so that every update is positive definite. Sequential and in double precision: the same input
/// gives the same steps. Ends when the largest gradient component is at most `tolerance`, when rounding leaves no
/// descending step, or after `maximumIterations`.
package struct LBFGS {
  package var memory = 10
  package var tolerance: Double
  package var maximumIterations: Int

  package init(tolerance: Double, maximumIterations: Int) {
    self.tolerance = tolerance
    self.maximumIterations = maximumIterations
  }

  package struct Outcome {
    package var value: Double
    package var iterations: Int
    package var converged: Bool
  }

  /// Minimises from `point`, which becomes the minimiser. `evaluate` gives the value and fills the gradient.
  package func minimize(
    _ point: inout [Double], _ evaluate: (_ point: [Double], _ gradient: inout [Double]) -> Double
  ) -> Outcome {
    let count = point.count
    var gradient = [Double](repeating: 0, count: count)
    var value = evaluate(point, &gradient)
    var pairs: [(step: [Double], change: [Double], curvature: Double)] = []
    var trial = point
    var trialGradient = gradient
    for iteration in 0..<maximumIterations {
      if largest(gradient) <= tolerance {
        return Outcome(value: value, iterations: iteration, converged: true)
      }
      var direction = descent(gradient, pairs)
      var slope = dot(direction, gradient)
      if slope >= 0 {
        // Rounding spoilt the stored pairs: restart from the gradient alone.
        pairs = []
        direction = descent(gradient, pairs)
        slope = dot(direction, gradient)
      }
      guard
        let trialValue = search(
          from: point, value, slope, direction, &trial, &trialGradient, evaluate)
      else { return Outcome(value: value, iterations: iteration, converged: false) }
      var step = trial
      var change = trialGradient
      for index in 0..<count {
        step[index] -= point[index]
        change[index] -= gradient[index]
      }
      let curvature = dot(step, change)
      if curvature > 0 {
        if pairs.count == memory { pairs.removeFirst() }
        pairs.append((step, change, curvature))
      }
      swap(&point, &trial)
      swap(&gradient, &trialGradient)
      value = trialValue
    }
    return Outcome(value: value, iterations: maximumIterations, converged: largest(gradient) <= tolerance)
  }

  /// −H·gradient, where H is the pairs' approximation of the inverse Hessian.
  private func descent(
    _ gradient: [Double], _ pairs: [(step: [Double], change: [Double], curvature: Double)]
  ) -> [Double] {
    var result = gradient
    var factors = [Double](repeating: 0, count: pairs.count)
    for (index, pair) in pairs.enumerated().reversed() {
      factors[index] = dot(pair.step, result) / pair.curvature
      add(-factors[index], pair.change, to: &result)
    }
    let scale: Double
    if let last = pairs.last {
      scale = last.curvature / dot(last.change, last.change)
    } else {
      scale = 1 / max(1, dot(gradient, gradient).squareRoot())
    }
    for index in result.indices { result[index] *= scale }
    for (index, pair) in pairs.enumerated() {
      add(factors[index] - dot(pair.change, result) / pair.curvature, pair.step, to: &result)
    }
    for index in result.indices { result[index] = -result[index] }
    return result
  }

  /// The value at a point along `direction` that meets the weak Wolfe conditions, with that point and its gradient; nil
  /// when rounding hides every such point.
  private func search(
    from point: [Double], _ value: Double, _ slope: Double, _ direction: [Double], _ trial: inout [Double],
    _ trialGradient: inout [Double], _ evaluate: ([Double], inout [Double]) -> Double
  ) -> Double? {
    var low = 0.0
    var high = Double.infinity
    var step = 1.0
    for _ in 0..<50 {
      for index in point.indices { trial[index] = point[index] + step * direction[index] }
      let trialValue = evaluate(trial, &trialGradient)
      if !(trialValue <= value + 1e-4 * step * slope) {
        high = step
      } else if dot(trialGradient, direction) < 0.9 * slope {
        low = step
      } else {
        return trialValue
      }
      step = high < .infinity ? (low + high) / 2 : 2 * low
    }
    return nil
  }

  private func largest(_ vector: [Double]) -> Double {
    var result = 0.0
    for value in vector { result = max(result, abs(value)) }
    return result
  }

  private func dot(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for index in a.indices { sum += a[index] * b[index] }
    return sum
  }

  private func add(_ factor: Double, _ vector: [Double], to result: inout [Double]) {
    for index in result.indices { result[index] += factor * vector[index] }
  }
}
