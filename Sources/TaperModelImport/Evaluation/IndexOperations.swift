/// Operations that look elements up or make them from indices.
enum Indexing {
  /// Indices as places, those below zero counted from the end.
  static func places(_ indices: GraphTensor, size: Int) throws(EvaluationFault) -> [Int] {
    var places: [Int] = []
    places.reserveCapacity(indices.count)
    for index in indices.integers {
      guard (-size..<size).contains(index) else { throw EvaluationFault("index \(index) of \(size)") }
      places.append(index < 0 ? index + size : index)
    }
    return places
  }

  static func gather(
    _ x: GraphTensor, _ indices: GraphTensor, axis: Int, _ budget: inout EvaluationBudget
  ) throws(EvaluationFault) -> GraphTensor {
    let axis = try Shapes.axis(axis, rank: x.shape.count)
    let places = try places(indices, size: x.shape[axis])
    let shape = Array(x.shape[..<axis]) + indices.shape + Array(x.shape[(axis + 1)...])
    let count = try budget.count(shape)
    let outer = x.shape[..<axis].reduce(1, *)
    let inner = x.shape[(axis + 1)...].reduce(1, *)
    var sources: [Int] = []
    sources.reserveCapacity(count)
    for block in 0..<outer {
      for place in places {
        let start = (block * x.shape[axis] + place) * inner
        sources += start..<start + inner
      }
    }
    return x.at(sources, shape: shape)
  }

  static func gatherElements(
    _ x: GraphTensor, _ indices: GraphTensor, axis: Int, _ budget: inout EvaluationBudget
  ) throws(EvaluationFault) -> GraphTensor {
    let axis = try Shapes.axis(axis, rank: x.shape.count)
    guard indices.shape.count == x.shape.count,
      x.shape.indices.allSatisfy({ $0 == axis || indices.shape[$0] <= x.shape[$0] })
    else { throw EvaluationFault("indices \(indices.shape) into \(x.shape)") }
    _ = try budget.count(indices.shape)
    let places = try places(indices, size: x.shape[axis])
    var strides = Shapes.strides(x.shape)
    let step = strides[axis]
    strides[axis] = 0
    var sources: [Int] = []
    Shapes.forEach(indices.shape, strides) { sources.append($0) }
    for index in sources.indices { sources[index] += places[index] * step }
    return x.at(sources, shape: indices.shape)
  }

  static func gatherND(
    _ x: GraphTensor, _ indices: GraphTensor, batchAxes: Int, _ budget: inout EvaluationBudget
  ) throws(EvaluationFault) -> GraphTensor {
    guard batchAxes == 0, let depth = indices.shape.last, depth <= x.shape.count else {
      throw EvaluationFault("indices \(indices.shape) into \(x.shape), \(batchAxes) batch axes")
    }
    let inner = x.shape[depth...].reduce(1, *)
    let shape = Array(indices.shape.dropLast()) + Array(x.shape[depth...])
    _ = try budget.count(shape)
    let starts = try starts(indices.integers, depth: depth, of: x.shape)
    return x.at(starts.flatMap { $0..<$0 + inner }, shape: shape)
  }

  /// Where tuples of indices lead to.
  private static func starts(_ indices: [Int], depth: Int, of shape: [Int]) throws(EvaluationFault) -> [Int] {
    let strides = Shapes.strides(shape)
    var starts: [Int] = []
    for tuple in 0..<(depth == 0 ? 1 : indices.count / depth) {
      var start = 0
      for axis in 0..<depth {
        let index = indices[tuple * depth + axis]
        guard (-shape[axis]..<shape[axis]).contains(index) else {
          throw EvaluationFault("index \(index) of \(shape[axis])")
        }
        start += (index < 0 ? index + shape[axis] : index) * strides[axis]
      }
      starts.append(start)
    }
    return starts
  }

  static func scatterND(
    _ x: GraphTensor, _ indices: GraphTensor, _ updates: GraphTensor
  ) throws(EvaluationFault) -> GraphTensor {
    guard let depth = indices.shape.last, depth <= x.shape.count else {
      throw EvaluationFault("indices \(indices.shape) into \(x.shape)")
    }
    let inner = x.shape[depth...].reduce(1, *)
    let starts = try starts(indices.integers, depth: depth, of: x.shape)
    guard updates.count == starts.count * inner, updates.isFloat == x.isFloat else {
      throw EvaluationFault("updates \(updates.shape) into \(x.shape)")
    }
    func write<T>(_ values: [T], _ new: [T]) -> [T] {
      var values = values
      for (tuple, start) in starts.enumerated() {
        for place in 0..<inner { values[start + place] = new[tuple * inner + place] }
      }
      return values
    }
    return x.isFloat
      ? GraphTensor(x.shape, floats: write(x.floats, updates.floats))
      : GraphTensor(x.shape, integers: write(x.integers, updates.integers))
  }

  static func range(
    _ start: GraphTensor, _ end: GraphTensor, _ step: GraphTensor, _ budget: inout EvaluationBudget
  ) throws(EvaluationFault) -> GraphTensor {
    if start.isFloat || end.isFloat || step.isFloat {
      guard let a = start.floats.first, let b = end.floats.first, let d = step.floats.first, d != 0,
        ((b - a) / d).isFinite
      else { throw EvaluationFault("a range without end") }
      let count = try budget.count([max(0, GraphTensor.integer(((b - a) / d).rounded(.up)))])
      return GraphTensor([count], floats: (0..<count).map { a + Float($0) * d })
    }
    guard let a = start.integers.first, let b = end.integers.first, let d = step.integers.first, d != 0,
      d != Int.min
    else { throw EvaluationFault("a range without end") }
    let (span, overflow) = b.subtractingReportingOverflow(a)
    guard !overflow, span != Int.min else { throw EvaluationFault("a range from \(a) to \(b)") }
    let count = try budget.count([
      d > 0 ? span <= 0 ? 0 : (span - 1) / d + 1 : span >= 0 ? 0 : (-span - 1) / -d + 1
    ])
    return GraphTensor.vector((0..<count).map { a + $0 * d })
  }

  static func cumulativeSum(
    _ x: GraphTensor, axis: Int, isExclusive: Bool, isReversed: Bool
  ) throws(EvaluationFault) -> GraphTensor {
    let axis = try Shapes.axis(axis, rank: x.shape.count)
    let (size, inner) = (x.shape[axis], x.shape[(axis + 1)...].reduce(1, *))
    func sum<T: AdditiveArithmetic>(_ values: [T], _ add: (T, T) -> T) -> [T] {
      var values = values
      guard size > 0 else { return values }
      for group in 0..<values.count / size {
        let start = group / inner * (size * inner) + group % inner
        var total = T.zero
        for step in 0..<size {
          let place = start + (isReversed ? size - 1 - step : step) * inner
          let next = add(total, values[place])
          values[place] = isExclusive ? total : next
          total = next
        }
      }
      return values
    }
    return x.isFloat
      ? GraphTensor(x.shape, floats: sum(x.floats) { $0 + $1 })
      : GraphTensor(x.shape, integers: sum(x.integers) { $0 &+ $1 })
  }

  static func triangle(
    _ x: GraphTensor, isUpper: Bool, diagonal: Int
  ) throws(EvaluationFault) -> GraphTensor {
    guard x.shape.count >= 2 else { throw EvaluationFault("a triangle of \(x.shape)") }
    let (rows, columns) = (x.shape[x.shape.count - 2], x.shape[x.shape.count - 1])
    func isKept(_ place: Int) -> Bool {
      let (row, column) = (place / columns % max(1, rows), place % columns)
      let distance = (column - row).subtractingReportingOverflow(diagonal).partialValue
      return isUpper ? distance >= 0 : distance <= 0
    }
    return x.isFloat
      ? GraphTensor(x.shape, floats: x.floats.enumerated().map { isKept($0) ? $1 : 0 })
      : GraphTensor(x.shape, integers: x.integers.enumerated().map { isKept($0) ? $1 : 0 })
  }

  static func oneHot(
    _ indices: GraphTensor, depth: Int, off: GraphTensor, on: GraphTensor, axis: Int,
    _ budget: inout EvaluationBudget
  ) throws(EvaluationFault) -> GraphTensor {
    let axis = try Shapes.axis(axis, rank: indices.shape.count + 1)
    guard axis == indices.shape.count, depth > 0, off.count == 1, on.count == 1 else {
      throw EvaluationFault("one of \(depth) along axis \(axis)")
    }
    let shape = indices.shape + [depth]
    _ = try budget.count(shape)
    let (zero, one) = (off.floats[0], on.floats[0])
    var values: [Float] = []
    for index in indices.integers {
      let place = index < 0 ? index &+ depth : index
      for column in 0..<depth { values.append(column == place ? one : zero) }
    }
    let result = GraphTensor(shape, floats: values)
    return on.isFloat ? result : GraphTensor(shape, integers: result.integers)
  }
}
