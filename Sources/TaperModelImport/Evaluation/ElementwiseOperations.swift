import Glibc

/// Elementwise operations by definition.
enum Elementwise {
  static func apply(_ operation: GraphOperation.Unary, _ x: GraphTensor) -> GraphTensor {
    switch operation {
    case .not: return GraphTensor(x.shape, integers: x.integers.map { $0 == 0 ? 1 : 0 })
    case .isNaN: return GraphTensor(x.shape, integers: x.floats.map { $0.isNaN ? 1 : 0 })
    case .abs where !x.isFloat:
      return GraphTensor(x.shape, integers: x.integers.map { $0 < 0 ? 0 &- $0 : $0 })
    case .negative where !x.isFloat: return GraphTensor(x.shape, integers: x.integers.map { 0 &- $0 })
    case .sign where !x.isFloat: return GraphTensor(x.shape, integers: x.integers.map { $0.signum() })
    case .relu where !x.isFloat: return GraphTensor(x.shape, integers: x.integers.map { max($0, 0) })
    default: return GraphTensor(x.shape, floats: x.floats.map { value(operation, $0) })
    }
  }

  static func value(_ operation: GraphOperation.Unary, _ x: Float) -> Float {
    switch operation {
    case .abs: Swift.abs(x)
    case .negative: -x
    case .reciprocal: 1 / x
    case .squareRoot: x.squareRoot()
    case .exponential: expf(x)
    case .logarithm: logf(x)
    case .sine: sinf(x)
    case .cosine: cosf(x)
    case .erf: erff(x)
    case .tanh: tanhf(x)
    case .sigmoid: 1 / (1 + expf(-x))
    case .relu: x > 0 ? x : x.isNaN ? x : 0
    case .silu: x / (1 + expf(-x))
    case .gelu: Float(0.5 * Double(x) * (1 + Glibc.erf(Double(x) / 2.0.squareRoot())))
    case .geluTanh: 0.5 * x * (1 + tanhf(0.797_884_6 * (x + 0.044_715 * x * x * x)))
    case .quickGelu: x / (1 + expf(-1.702 * x))
    case .softplus: x > 20 ? x : log1pf(expf(x))
    case .floor: x.rounded(.down)
    case .ceiling: x.rounded(.up)
    case .round: x.rounded(.toNearestOrEven)
    case .sign: x > 0 ? 1 : x < 0 ? -1 : 0
    case .not: x == 0 ? 1 : 0
    case .isNaN: x.isNaN ? 1 : 0
    }
  }

  static func apply(
    _ operation: GraphOperation.Binary, _ a: GraphTensor, _ b: GraphTensor, _ budget: inout EvaluationBudget
  ) throws(EvaluationFault) -> GraphTensor {
    let shape = try Shapes.broadcast(a.shape, b.shape)
    let count = try budget.count(shape)
    switch operation {
    case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual:
      if a.isFloat || b.isFloat {
        return GraphTensor(
          shape, integers: zip(a.floats, b.floats, a, b, shape, count, comparison(operation)))
      }
      return GraphTensor(
        shape, integers: zip(a.integers, b.integers, a, b, shape, count, comparison(operation)))
    case .and, .or, .xor:
      let join: (Int, Int) -> Int =
        switch operation {
        case .and: { $0 != 0 && $1 != 0 ? 1 : 0 }
        case .or: { $0 != 0 || $1 != 0 ? 1 : 0 }
        default: { ($0 != 0) != ($1 != 0) ? 1 : 0 }
        }
      return GraphTensor(shape, integers: zip(a.integers, b.integers, a, b, shape, count, join))
    case .bitwiseAnd, .bitwiseOr, .bitwiseXor:
      let join: (Int, Int) -> Int =
        switch operation {
        case .bitwiseAnd: { $0 & $1 }
        case .bitwiseOr: { $0 | $1 }
        default: { $0 ^ $1 }
        }
      return GraphTensor(shape, integers: zip(a.integers, b.integers, a, b, shape, count, join))
    default: break
    }
    if a.isFloat || b.isFloat {
      return GraphTensor(shape, floats: zip(a.floats, b.floats, a, b, shape, count, floats(operation)))
    }
    return GraphTensor(shape, integers: zip(a.integers, b.integers, a, b, shape, count, integers(operation)))
  }

  private static func comparison<T: Comparable>(_ operation: GraphOperation.Binary) -> (T, T) -> Int {
    switch operation {
    case .equal: { $0 == $1 ? 1 : 0 }
    case .notEqual: { $0 != $1 ? 1 : 0 }
    case .less: { $0 < $1 ? 1 : 0 }
    case .lessOrEqual: { $0 <= $1 ? 1 : 0 }
    case .greater: { $0 > $1 ? 1 : 0 }
    default: { $0 >= $1 ? 1 : 0 }
    }
  }

  private static func floats(_ operation: GraphOperation.Binary) -> (Float, Float) -> Float {
    switch operation {
    case .add: { $0 + $1 }
    case .subtract: { $0 - $1 }
    case .multiply: { $0 * $1 }
    case .divide: { $0 / $1 }
    case .power: { $1 == 2 ? $0 * $0 : powf($0, $1) }
    case .minimum: { $0.isNaN ? $0 : $1 < $0 || $1.isNaN ? $1 : $0 }
    case .maximum: { $0.isNaN ? $0 : $1 > $0 || $1.isNaN ? $1 : $0 }
    case .squaredDifference: { ($0 - $1) * ($0 - $1) }
    case .truncatedRemainder: { fmodf($0, $1) }
    default:
      { (a: Float, b: Float) -> Float in
        let rest = fmodf(a, b)
        return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
      }
    }
  }

  /// Integers wrap around, and division by zero gives 0.
  private static func integers(_ operation: GraphOperation.Binary) -> (Int, Int) -> Int {
    switch operation {
    case .add: { $0 &+ $1 }
    case .subtract: { $0 &- $1 }
    case .multiply: { $0 &* $1 }
    case .divide: { $1 == 0 ? 0 : $0.dividedReportingOverflow(by: $1).partialValue }
    case .power: { GraphTensor.integer(powf(Float($0), Float($1))) }
    case .minimum: { min($0, $1) }
    case .maximum: { max($0, $1) }
    case .squaredDifference: { ($0 &- $1) &* ($0 &- $1) }
    case .truncatedRemainder: { $1 == 0 ? 0 : $0.remainderReportingOverflow(dividingBy: $1).partialValue }
    default:
      // Python's: the sign of the divisor.
      { (a: Int, b: Int) -> Int in
        guard b != 0 else { return 0 }
        let rest = a.remainderReportingOverflow(dividingBy: b).partialValue
        return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
      }
    }
  }

  /// - Precondition: the tensors broadcast to `shape`.
  private static func zip<T, R>(
    _ a: [T], _ b: [T], _ aTensor: GraphTensor, _ bTensor: GraphTensor, _ shape: [Int], _ count: Int,
    _ body: (T, T) -> R
  ) -> [R] {
    if aTensor.shape == bTensor.shape { return a.indices.map { body(a[$0], b[$0]) } }
    if b.count == 1 {
      return a.count == count ? a.map { body($0, b[0]) } : [R](repeating: body(a[0], b[0]), count: count)
    }
    if a.count == 1 && b.count == count { return b.map { body(a[0], $0) } }
    var result: [R] = []
    result.reserveCapacity(count)
    let (aStrides, bStrides) = (
      Shapes.strides(aTensor.shape, in: shape), Shapes.strides(bTensor.shape, in: shape)
    )
    guard let width = shape.last, !shape.contains(0) else {
      return a.isEmpty || b.isEmpty ? [] : [body(a[0], b[0])]
    }
    // The last axis in an inner loop.
    var bStarts: [Int] = []
    Shapes.forEach(Array(shape.dropLast()), Array(bStrides.dropLast())) { bStarts.append($0) }
    var row = 0
    let (aStep, bStep) = (aStrides[shape.count - 1], bStrides[shape.count - 1])
    Shapes.forEach(Array(shape.dropLast()), Array(aStrides.dropLast())) { aStart in
      let bStart = bStarts[row]
      for column in 0..<width { result.append(body(a[aStart + column * aStep], b[bStart + column * bStep])) }
      row += 1
    }
    return result
  }

  static func select(
    _ condition: GraphTensor, _ a: GraphTensor, _ b: GraphTensor, _ budget: inout EvaluationBudget
  ) throws(EvaluationFault) -> GraphTensor {
    let shape = try Shapes.broadcast(try Shapes.broadcast(condition.shape, a.shape), b.shape)
    let count = try budget.count(shape)
    func expanded(_ x: GraphTensor) -> GraphTensor {
      x.shape == shape ? x : x.gathered(shape, strides: Shapes.strides(x.shape, in: shape), count: count)
    }
    let choices = expanded(condition).integers
    let (one, other) = (expanded(a), expanded(b))
    if one.isFloat || other.isFloat {
      let (x, y) = (one.floats, other.floats)
      return GraphTensor(shape, floats: choices.indices.map { choices[$0] != 0 ? x[$0] : y[$0] })
    }
    let (x, y) = (one.integers, other.integers)
    return GraphTensor(shape, integers: choices.indices.map { choices[$0] != 0 ? x[$0] : y[$0] })
  }

  static func clip(
    _ x: GraphTensor, _ low: GraphTensor?, _ high: GraphTensor?, _ budget: inout EvaluationBudget
  ) throws(EvaluationFault) -> GraphTensor {
    var result = x
    if let low { result = try apply(.maximum, result, low, &budget) }
    if let high { result = try apply(.minimum, result, high, &budget) }
    return result
  }
}
