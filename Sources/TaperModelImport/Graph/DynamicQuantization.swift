/// Leaves out the rounding of activations where a graph writes it out, as openvino does with ONNX's
/// DynamicQuantizeLinear and the integer product after it:
///
///     range = max(0, max(x)) − min(0, min(x))      scale = range · 1/255
///     zero = clip(round(−min(0, min(x)) / scale))  codes = clip(round(x · 255 / range) + zero)
///     y = ((codes − zero) · W) · (scale · s)
///
/// Without rounding, y = x · (W · s): zero point and range cancel, and no code is beyond 0 or 255. A product that is
/// made in this way, all of it, is written so; everything else stays as it is, whatever it shares with one.
struct DynamicQuantization {
  private var builder: GraphBuilder
  private var makers: [Int: ModelGraph.Node] = [:]
  /// Values that depend on no input.
  private var constants: Set<Int>

  /// Steps from one value back to another: a file's chains may be long.
  private static let depth = 16
  /// How far scales may be from the 255th of the range that they stand for: some files hold them in f16.
  private static let tolerance: Float = 1e-3

  /// - Parameter nodes: in order.
  static func removed(from nodes: [ModelGraph.Node], _ builder: inout GraphBuilder) -> [ModelGraph.Node] {
    var quantization = DynamicQuantization(builder)
    let result = nodes.flatMap { quantization.take($0) }
    builder = quantization.builder
    return result
  }

  private init(_ builder: GraphBuilder) {
    self.builder = builder
    constants = Set(builder.constants.keys).union(builder.literals.keys)
  }

  /// A node, or those in its place.
  private mutating func take(_ node: ModelGraph.Node) -> [ModelGraph.Node] {
    for output in node.outputs { makers[output] = node }
    if node.inputs.allSatisfy({ $0.map(constants.contains) ?? true }) { constants.formUnion(node.outputs) }
    guard node.operation == .binary(.multiply), let (a, b) = operands(node),
      let product = product(a, scaledBy: b) ?? product(b, scaledBy: a)
    else { return [node] }
    builder.quantization.formUnion([.weights, .activations])
    return replacement(of: node, product)
  }

  // MARK: Matching

  /// Codes of x less their zero point, multiplied by a weight, and what they are scaled by but for x's own range.
  private struct Product {
    var x: Int
    var rank: Int
    var weight: Int
    var isTransposed: Bool
    var factor: Float
    /// One factor a column.
    var columns: Int?
  }

  /// Codes of x, which stand for x · `steps` / `range`.
  private struct Codes {
    var x: Int
    var rank: Int
    var range: Int
    var steps: Float
  }

  private func product(_ value: Int, scaledBy scale: Int) -> Product? {
    guard let node = maker(integral(value)),
      case .matMul(transposeA: false, let isTransposed) = node.operation,
      let (difference, weight) = operands(node), isMatrix(weight),
      let (codes, zero) = operands(.subtract, integral(difference)), let codes = self.codes(codes, zero: zero)
    else { return nil }
    var (base, factors) = scaled(scale)
    var columns: Int?
    if base != codes.range {
      guard let (a, b) = operands(.multiply, base) else { return nil }
      let (inner, vector) = isRow(b) ? (a, b) : (b, a)
      guard isRow(vector) else { return nil }
      columns = vector
      let more = scaled(inner)
      (base, factors) = (more.base, more.factors + factors)
    }
    guard base == codes.range else { return nil }
    return Product(
      x: codes.x, rank: codes.rank, weight: weight, isTransposed: isTransposed,
      factor: factors.reduce(codes.steps, *), columns: columns)
  }

  private func codes(_ codes: Int, zero: Int) -> Codes? {
    guard let zeroStep = clipped(integral(zero)), let quotient = rounded(zeroStep),
      let (negative, scale) = operands(.divide, quotient), let (none, low) = operands(.subtract, negative),
      scalar(none) == 0, let sum = clipped(integral(codes)), let (a, b) = operands(.add, sum)
    else { return nil }
    let (range, factors) = scaled(scale)
    guard let (x, rank) = self.range(range, low: behind(low)) else { return nil }
    for (step, other) in [(a, b), (b, a)] where integral(other) == integral(zero) {
      guard let quotient = rounded(step), let (above, below) = operands(.divide, quotient) else { continue }
      let (top, bottom) = (scaled(above, downTo: x), scaled(below))
      guard top.base == x, bottom.base == range else { return nil }
      let steps = top.factors.reduce(1, *) / bottom.factors.reduce(1, *)
      guard abs(steps / 255 - 1) < Self.tolerance,
        abs(factors.reduce(steps, *) - 1) < Self.tolerance
      else { return nil }
      return Codes(x: x, rank: rank, range: range, steps: steps)
    }
    return nil
  }

  /// What a value is the range of, all axes together, and how many they are.
  private func range(_ value: Int, low: Int) -> (x: Int, rank: Int)? {
    guard let (high, other) = operands(.subtract, value), behind(other) == low,
      let most = extreme(high, .maximum, .maximum), let least = extreme(low, .minimum, .minimum),
      most == least
    else { return nil }
    return most
  }

  /// max(0, max(x)), or the same of the least: x and its rank.
  private func extreme(
    _ value: Int, _ operation: GraphOperation.Binary, _ reduction: GraphOperation.Reduction
  ) -> (x: Int, rank: Int)? {
    guard let (a, b) = operands(operation, value) else { return nil }
    for (none, inner) in [(a, b), (b, a)] where scalar(none) == 0 {
      guard let node = maker(inner), case .reduce(reduction, _, _) = node.operation,
        let (x, axes) = operands(node), let axes = builder.small(axes)?.integers, !axes.isEmpty,
        axes == Array(axes.indices)
      else { continue }
      return (behind(x), axes.count)
    }
    return nil
  }

  // MARK: Steps back

  /// The value before conversions between floats.
  private func behind(_ value: Int) -> Int { back(value) { $0 == .identity || $0 == .convert(.float) } }

  /// The same for a value of whole numbers, which conversions to integers leave as they are, too.
  private func integral(_ value: Int) -> Int {
    back(value) { $0 == .identity || $0 == .convert(.float) || $0 == .convert(.integer) }
  }

  private func back(_ value: Int, over isPassed: (GraphOperation) -> Bool) -> Int {
    var value = value
    for _ in 0..<Self.depth {
      guard let node = makers[value], isPassed(node.operation), let input = node.inputs.first ?? nil else {
        break
      }
      value = input
    }
    return value
  }

  private func maker(_ value: Int) -> ModelGraph.Node? { makers[behind(value)] }

  private func operands(_ node: ModelGraph.Node) -> (Int, Int)? {
    guard node.inputs.count == 2, let a = node.inputs[0], let b = node.inputs[1] else { return nil }
    return (a, b)
  }

  private func operands(_ operation: GraphOperation.Binary, _ value: Int) -> (Int, Int)? {
    guard let node = maker(value), node.operation == .binary(operation) else { return nil }
    return operands(node)
  }

  private func rounded(_ value: Int) -> Int? {
    guard let node = maker(value), node.operation == .unary(.round) else { return nil }
    return node.inputs.first ?? nil
  }

  /// What is clipped to the codes of a byte.
  private func clipped(_ value: Int) -> Int? {
    guard let node = makers[value], node.operation == .clip, node.inputs.count == 3,
      let low = node.inputs[1], let high = node.inputs[2], scalar(low) == 0, scalar(high) == 255
    else { return nil }
    return node.inputs[0]
  }

  /// What a value is, but for single constants that it is multiplied or divided by; the innermost is first.
  private func scaled(_ value: Int, downTo end: Int? = nil) -> (base: Int, factors: [Float]) {
    var (base, factors) = (behind(value), [Float]())
    for _ in 0..<Self.depth where base != end {
      if let (a, b) = operands(.multiply, base) {
        guard let factor = scalar(b) ?? scalar(a) else { break }
        (base, factors) = (behind(scalar(b) == nil ? b : a), [factor] + factors)
      } else if let (a, b) = operands(.divide, base), let divisor = scalar(b) {
        (base, factors) = (behind(a), [1 / divisor] + factors)
      } else {
        break
      }
    }
    return (base, factors)
  }

  private func shape(_ value: Int) -> [Int]? {
    builder.constants[value]?.shape ?? builder.literals[value]?.shape
  }

  private func scalar(_ value: Int) -> Float? {
    let value = behind(value)
    guard shape(value)?.allSatisfy({ $0 == 1 }) == true else { return nil }
    return builder.small(value)?.floats.first
  }

  /// Whether a value is a constant along the last axis.
  private func isRow(_ value: Int) -> Bool {
    shape(behind(value)).map { !$0.isEmpty && $0.dropLast().allSatisfy { $0 == 1 } } ?? false
  }

  /// Whether a value is a stored weight, or one with a zero point subtracted.
  private func isMatrix(_ value: Int) -> Bool {
    guard constants.contains(value) else { return false }
    let codes = operands(.subtract, integral(value))?.0 ?? value
    return shape(integral(codes)).map { $0.count >= 2 } ?? false
  }

  // MARK: Writing

  private mutating func replacement(of node: ModelGraph.Node, _ product: Product) -> [ModelGraph.Node] {
    var nodes: [ModelGraph.Node] = []
    func add(_ operation: GraphOperation, _ inputs: [Int?], _ builder: inout GraphBuilder) -> Int {
      let output = builder.makeValue()
      nodes.append(
        ModelGraph.Node(
          operation: operation, inputs: inputs, outputs: [output], kind: node.kind, name: node.name))
      return output
    }
    var weight = product.weight
    if let columns = product.columns {
      let shape = builder.axes(product.isTransposed ? [-1, 1] : [1, -1])
      let factors = add(.reshape(zeroCopies: false), [columns, shape], &builder)
      weight = add(.binary(.multiply), [weight, factors], &builder)
    }
    if product.factor != 1 {
      weight = add(.binary(.multiply), [weight, builder.literal(.scalar(product.factor))], &builder)
    }
    let x = add(.ranked(product.rank), [product.x], &builder)
    var result = node
    result.operation = .matMul(transposeA: false, transposeB: product.isTransposed)
    result.inputs = [x, weight]
    return nodes + [result]
  }
}
