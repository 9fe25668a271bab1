/// Quantising and dequantising.
///
/// Constants are computed as the file says. Of values that depend on the input, codes are kept as real numbers, neither
/// rounded nor clamped: that leaves out the quantisation of activations and nothing else, whatever scales surround it.
enum Quantizing {
  /// - Parameter rounds: whether the values are constants.
  static func quantize(
    _ x: GraphTensor, _ scale: GraphTensor, _ zero: GraphTensor?, axis: Int,
    range: GraphOperation.QuantizedRange,
    rounds: Bool, _ budget: inout EvaluationBudget
  ) throws(EvaluationFault) -> GraphTensor {
    let scaled = try Elementwise.apply(.divide, x, try aligned(scale, axis, x.shape), &budget)
    var codes = rounds ? Elementwise.apply(.round, scaled) : scaled
    if let zero { codes = try Elementwise.apply(.add, codes, try aligned(zero, axis, x.shape), &budget) }
    guard rounds else { return GraphTensor(codes.shape, floats: codes.floats) }
    return GraphTensor(
      codes.shape, integers: codes.integers.map { min(max($0, range.lowest), range.highest) })
  }

  static func dequantize(
    _ x: GraphTensor, _ scale: GraphTensor, _ zero: GraphTensor?, axis: Int, block: Int,
    _ budget: inout EvaluationBudget
  ) throws(EvaluationFault) -> GraphTensor {
    var values = GraphTensor(x.shape, floats: x.floats)
    if let zero {
      values = try Elementwise.apply(
        .subtract, values, try aligned(zero, axis, x.shape, block, &budget), &budget)
    }
    values = try Elementwise.apply(
      .multiply, values, try aligned(scale, axis, x.shape, block, &budget), &budget)
    return GraphTensor(values.shape, floats: values.floats)
  }

  /// A scale, or one for each place along an axis, in a shape that broadcasts.
  static func aligned(_ scale: GraphTensor, _ axis: Int, _ shape: [Int]) throws(EvaluationFault)
    -> GraphTensor
  {
    guard scale.count > 1 else { return GraphTensor(shape: [], elements: scale.elements) }
    let axis = try Shapes.axis(axis, rank: shape.count)
    guard scale.shape == [shape[axis]] else {
      throw EvaluationFault("scales \(scale.shape) for axis \(axis) of \(shape)")
    }
    var target = [Int](repeating: 1, count: shape.count)
    target[axis] = scale.count
    return GraphTensor(shape: target, elements: scale.elements)
  }

  /// The same, or one for each block along an axis.
  private static func aligned(
    _ scale: GraphTensor, _ axis: Int, _ shape: [Int], _ block: Int, _ budget: inout EvaluationBudget
  ) throws(EvaluationFault) -> GraphTensor {
    guard block > 0, scale.shape.count == shape.count, scale.count > 1 else {
      return try aligned(scale, axis, shape)
    }
    let axis = try Shapes.axis(axis, rank: shape.count)
    let places = GraphTensor.vector((0..<shape[axis]).map { $0 / block })
    return try Indexing.gather(scale, places, axis: axis, &budget)
  }

  /// Codes less their zero points, multiplied.
  static func matMul(
    _ a: GraphTensor, _ b: GraphTensor, _ aZero: GraphTensor?, _ bZero: GraphTensor?,
    _ budget: inout EvaluationBudget
  ) throws(EvaluationFault) -> GraphTensor {
    var (x, y) = (a, b)
    if let aZero { x = try Elementwise.apply(.subtract, x, try aligned(aZero, -2, x.shape), &budget) }
    if let bZero { y = try Elementwise.apply(.subtract, y, try aligned(bZero, -1, y.shape), &budget) }
    return try Products.matMul(x, y, transposeA: false, transposeB: false, &budget)
  }

  static func fakeQuantize(
    _ x: GraphTensor, _ limits: [GraphTensor], levels: Int, rounds: Bool, _ budget: inout EvaluationBudget
  ) throws(EvaluationFault) -> GraphTensor {
    guard limits.count == 4, levels >= 2 else {
      throw EvaluationFault("\(limits.count) limits, \(levels) levels")
    }
    let (low, high, outLow, outHigh) = (limits[0], limits[1], limits[2], limits[3])
    let clipped = rounds ? try Elementwise.clip(x, low, high, &budget) : x
    let span = try Elementwise.apply(.subtract, high, low, &budget)
    let outSpan = try Elementwise.apply(.subtract, outHigh, outLow, &budget)
    let steps = GraphTensor.scalar(Float(levels - 1))
    var codes = try Elementwise.apply(.subtract, clipped, low, &budget)
    codes = try Elementwise.apply(.divide, codes, span, &budget)
    codes = try Elementwise.apply(.multiply, codes, steps, &budget)
    if rounds { codes = Elementwise.apply(.round, codes) }
    codes = try Elementwise.apply(.divide, codes, steps, &budget)
    codes = try Elementwise.apply(.multiply, codes, outSpan, &budget)
    return try Elementwise.apply(.add, codes, outLow, &budget)
  }
}
