import Glibc

/// ck_activation by its raw value, in double precision.
func activated(_ x: Double, _ activation: Int) -> Double {
  switch activation {
  case 1: x / 2 * erfc(-x / 2.0.squareRoot())
  case 2: x / 2 * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
  case 3: x > 0 ? x : 0
  case 4: tanh(x)
  case 5: x / (1 + exp(-x))
  default: x
  }
}

func softmaxReference(_ row: [Double]) -> [Double] {
  let largest = row.max() ?? 0
  let powers = row.map { exp($0 - largest) }
  let sum = powers.reduce(0, +)
  return powers.map { $0 / sum }
}
