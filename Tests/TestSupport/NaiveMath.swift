import Glibc
package import TaperPlanFormat

/// The elementary operations of the encoder, in double precision, as the papers write them.
package enum NaiveMath {
  package static func exponential(_ x: Double) -> Double { exp(x) }

  package static func logarithm(_ x: Double) -> Double { log(x) }

  package static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  package static func softmax(_ x: [Double]) -> [Double] {
    let top = x.max()!
    let powers = x.map { exp($0 - top) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }

  package static func layerNorm(_ x: [Double], gamma: [Float], beta: [Float], epsilon: Double) -> [Double] {
    let mean = x.reduce(0, +) / Double(x.count)
    let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
    let scale = 1 / (variance + epsilon).squareRoot()
    return x.indices.map { (x[$0] - mean) * scale * Double(gamma[$0]) + Double(beta[$0]) }
  }

  package static func activate(_ x: Double, _ activation: Activation) -> Double {
    switch activation {
    case .none: x
    case .gelu: 0.5 * x * (1 + erf(x / 2.0.squareRoot()))
    case .geluTanh: 0.5 * x * (1 + Glibc.tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    case .relu: max(0, x)
    case .tanh: Glibc.tanh(x)
    case .silu: x / (1 + exp(-x))
    }
  }

  /// Every head's pairs, columns i and i + d/2 of its d, turned by position · theta^(−2i/d).
  package static func rotate(_ x: [Double], position: Int, heads: Int, theta: Double) -> [Double] {
    let size = x.count / heads
    var y = x
    for head in 0..<heads {
      for pair in 0..<size / 2 {
        let angle = Double(position) * pow(theta, -2 * Double(pair) / Double(size))
        let (first, second) = (head * size + pair, head * size + pair + size / 2)
        y[first] = x[first] * cos(angle) - x[second] * sin(angle)
        y[second] = x[second] * cos(angle) + x[first] * sin(angle)
      }
    }
    return y
  }

  /// x / max(‖x‖, 1e-12), as PyTorch's normalize.
  package static func l2Normalize(_ x: [Double]) -> [Double] {
    let norm = max(x.reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-12)
    return x.map { $0 / norm }
  }
}
