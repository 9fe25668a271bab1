import Glibc

/// Matrix products, softmax and norms by definition.
enum Products {
  static func matMul(
    _ a: GraphTensor, _ b: GraphTensor, transposeA: Bool, transposeB: Bool, _ budget: inout EvaluationBudget
  ) throws(EvaluationFault) -> GraphTensor {
    guard !a.shape.isEmpty, !b.shape.isEmpty else {
      throw EvaluationFault("a product of \(a.shape) and \(b.shape)")
    }
    var a = a
    var b = b
    let (isRow, isColumn) = (a.shape.count == 1, b.shape.count == 1)
    if isRow { a.shape = [1] + a.shape }
    if isColumn { b.shape = b.shape + [1] }
    if transposeA { a = try Layout.transposed(a, Layout.lastTwoSwapped(a.shape.count), &budget) }
    let (rows, depth) = (a.shape[a.shape.count - 2], a.shape[a.shape.count - 1])
    let (last, before) = (b.shape[b.shape.count - 1], b.shape[b.shape.count - 2])
    let columns = transposeB ? before : last
    guard depth == (transposeB ? last : before) else {
      throw EvaluationFault("a product of \(a.shape) and \(b.shape)\(transposeB ? ", transposed" : "")")
    }
    let (aLead, bLead) = (Array(a.shape.dropLast(2)), Array(b.shape.dropLast(2)))
    let lead = try Shapes.broadcast(aLead, bLead)
    let count = try budget.count(lead + [rows, columns])
    let (work, overflow) = count.multipliedReportingOverflow(by: depth)
    guard !overflow else { throw EvaluationFault("a product of \(a.shape) and \(b.shape)") }
    try budget.spend(work)
    var starts: [(Int, Int)] = []
    if GraphTensor.count(lead, limit: .max) != 0 {
      var bPlaces: [Int] = []
      Shapes.forEach(lead, Shapes.strides(bLead, in: lead)) { bPlaces.append($0) }
      var place = 0
      Shapes.forEach(lead, Shapes.strides(aLead, in: lead)) {
        starts.append(($0 * rows * depth, bPlaces[place] * depth * columns))
        place += 1
      }
    }
    var result = [Float](repeating: 0, count: count)
    if count > 0, depth > 0 {
      let (x, y) = (a.floats, b.floats)
      for (index, start) in starts.enumerated() {
        multiply(
          x.span.extracting(start.0..<start.0 + rows * depth),
          y.span.extracting(start.1..<start.1 + depth * columns),
          transposeB, depth, columns, &result, from: index * rows * columns)
      }
    }
    var shape = lead
    if !isRow { shape.append(rows) }
    if !isColumn { shape.append(columns) }
    return GraphTensor(shape, floats: result)
  }

  private static func multiply(
    _ a: Span<Float>, _ b: Span<Float>, _ transposeB: Bool, _ depth: Int, _ columns: Int,
    _ result: inout [Float],
    from start: Int
  ) {
    let rows = a.count / depth
    unsafe result.withUnsafeMutableBufferPointer { result in
      unsafe a.withUnsafeBufferPointer { a in
        unsafe b.withUnsafeBufferPointer { b in
          for row in 0..<rows {
            let place = start + row * columns
            if transposeB {
              for column in 0..<columns {
                unsafe result[place + column] = unsafe dot(
                  a.extracting(row * depth..<(row + 1) * depth),
                  b.extracting(column * depth..<(column + 1) * depth))
              }
            } else {
              for k in 0..<depth {
                let factor = unsafe a[row * depth + k]
                for column in 0..<columns {
                  unsafe result[place + column] += factor * b[k * columns + column]
                }
              }
            }
          }
        }
      }
    }
  }

  private static func dot(_ a: UnsafeBufferPointer<Float>, _ b: UnsafeBufferPointer<Float>) -> Float {
    var sums = SIMD8<Float>.zero
    var index = 0
    while index + 8 <= a.count {
      let x = unsafe UnsafeRawPointer(a.baseAddress! + index).loadUnaligned(as: SIMD8<Float>.self)
      let y = unsafe UnsafeRawPointer(b.baseAddress! + index).loadUnaligned(as: SIMD8<Float>.self)
      sums += x * y
      index += 8
    }
    var sum = sums.sum()
    while index < a.count {
      sum += unsafe a[index] * b[index]
      index += 1
    }
    return sum
  }

  static func softmax(
    _ x: GraphTensor, axis: Int, flattens: Bool, _ budget: inout EvaluationBudget
  ) throws(EvaluationFault) -> GraphTensor {
    let axis = try Shapes.axis(axis, rank: x.shape.count)
    try budget.spend(x.count)
    let size = flattens ? x.shape[axis...].reduce(1, *) : x.shape[axis]
    let inner = flattens ? 1 : x.shape[(axis + 1)...].reduce(1, *)
    var values = x.floats
    for start in groupStarts(values.count, size: size, inner: inner) {
      let places = stride(from: start, to: start + size * inner, by: inner)
      let largest = places.reduce(-Float.infinity) { max($0, values[$1]) }
      var sum: Float = 0
      for place in places {
        values[place] = expf(values[place] - largest)
        sum += values[place]
      }
      for place in places { values[place] /= sum }
    }
    return GraphTensor(x.shape, floats: values)
  }

  /// Where groups of `size` elements, `inner` apart, begin.
  private static func groupStarts(_ count: Int, size: Int, inner: Int) -> [Int] {
    guard size > 0, inner > 0 else { return [] }
    return (0..<count / size).map { $0 / inner * (size * inner) + $0 % inner }
  }

  /// The sizes of the groups that the last axes form.
  static func trailing(_ axes: GraphTensor?, rank: Int, _ shape: [Int]) throws(EvaluationFault) -> Int {
    let axes = try Shapes.axes(axes?.integers ?? [-1], rank: rank).sorted()
    guard let first = axes.first, axes == Array(first..<rank) else {
      throw EvaluationFault("a norm over axes \(axes) of \(rank); expected the last ones")
    }
    return shape[first...].reduce(1, *)
  }

  static func normalize(
    _ x: GraphTensor, _ axes: GraphTensor?, epsilon: Float, _ budget: inout EvaluationBudget
  ) throws(EvaluationFault) -> GraphTensor {
    try mappingGroups(x, axes, &budget) { values, range in
      let size = Double(range.count)
      let mean = range.reduce(0.0) { $0 + Double(values[$1]) } / size
      let variance =
        range.reduce(0.0) { $0 + (Double(values[$1]) - mean) * (Double(values[$1]) - mean) } / size
      let scale = 1 / (variance + Double(epsilon)).squareRoot()
      for place in range { values[place] = Float((Double(values[place]) - mean) * scale) }
    }
  }

  static func l2Normalize(
    _ x: GraphTensor, _ axes: GraphTensor?, epsilon: Float, takesMaximum: Bool,
    _ budget: inout EvaluationBudget
  ) throws(EvaluationFault) -> GraphTensor {
    try mappingGroups(x, axes, &budget) { values, range in
      let sum = range.reduce(Float(0)) { $0 + values[$1] * values[$1] }
      let norm = takesMaximum ? max(sum, epsilon).squareRoot() : (sum + epsilon).squareRoot()
      for place in range { values[place] /= norm }
    }
  }

  /// Changes the elements along the last axes, one group of them after the other.
  private static func mappingGroups(
    _ x: GraphTensor, _ axes: GraphTensor?, _ budget: inout EvaluationBudget,
    _ body: (inout [Float], Range<Int>) -> Void
  ) throws(EvaluationFault) -> GraphTensor {
    let size = try trailing(axes, rank: x.shape.count, x.shape)
    try budget.spend(x.count)
    var values = x.floats
    for start in groupStarts(values.count, size: size, inner: 1) { body(&values, start..<start + size) }
    return GraphTensor(x.shape, floats: values)
  }

  static func reduce(
    _ x: GraphTensor, _ axes: GraphTensor?, _ reduction: GraphOperation.Reduction, keepsAxes: Bool,
    ignoresNoAxes: Bool, _ budget: inout EvaluationBudget
  ) throws(EvaluationFault) -> GraphTensor {
    var axes = try Shapes.axes(axes?.integers ?? [], rank: x.shape.count)
    if axes.isEmpty {
      if ignoresNoAxes { return x }
      axes = Array(x.shape.indices)
    }
    try budget.spend(x.count)
    let kept = x.shape.indices.map { axes.contains($0) ? 1 : x.shape[$0] }
    let targets = Shapes.strides(kept, in: x.shape)
    let count = kept.reduce(1, *)
    let size = axes.reduce(1) { $0 * x.shape[$1] }
    var places: [Int] = []
    places.reserveCapacity(x.count)
    Shapes.forEach(x.shape, targets) { places.append($0) }
    let shape = keepsAxes ? kept : x.shape.indices.filter { !axes.contains($0) }.map { x.shape[$0] }
    if !x.isFloat, reduction != .mean, reduction != .norm {
      let start =
        reduction == .product || reduction == .all
        ? 1 : reduction == .maximum ? Int.min : reduction == .minimum ? .max : 0
      var result = [Int](repeating: start, count: count)
      for (place, value) in Swift.zip(places, x.integers) {
        switch reduction {
        case .maximum: result[place] = max(result[place], value)
        case .minimum: result[place] = min(result[place], value)
        case .product: result[place] = result[place] &* value
        case .any: result[place] = result[place] != 0 || value != 0 ? 1 : 0
        case .all: result[place] = result[place] != 0 && value != 0 ? 1 : 0
        case .sumOfSquares: result[place] = result[place] &+ value &* value
        default: result[place] = result[place] &+ value
        }
      }
      return GraphTensor(shape, integers: result)
    }
    let start =
      reduction == .product
      ? 1 : reduction == .maximum ? -Double.infinity : reduction == .minimum ? .infinity : 0
    var result = [Double](repeating: start, count: count)
    for (place, value) in Swift.zip(places, x.floats) {
      let value = Double(value)
      switch reduction {
      case .maximum: result[place] = max(result[place], value)
      case .minimum: result[place] = min(result[place], value)
      case .product: result[place] *= value
      case .norm, .sumOfSquares: result[place] += value * value
      default: result[place] += value
      }
    }
    if reduction == .mean { for place in result.indices { result[place] /= Double(size) } }
    if reduction == .norm { for place in result.indices { result[place].formSquareRoot() } }
    return GraphTensor(shape, floats: result.map { Float($0) })
  }
}
