/// Operations that move elements.
enum Layout {
  static func lastTwoSwapped(_ rank: Int) -> [Int] {
    guard rank >= 2 else { return Array(0..<rank) }
    return Array(0..<rank - 2) + [rank - 1, rank - 2]
  }

  static func transposed(
    _ x: GraphTensor, _ order: [Int]?, _ budget: inout EvaluationBudget
  ) throws(EvaluationFault) -> GraphTensor {
    let rank = x.shape.count
    let order =
      try order.map { (order) throws(EvaluationFault) in try Shapes.axes(order, rank: rank) }
      ?? (0..<rank).reversed()
    guard order.count == rank else { throw EvaluationFault("an order of \(order.count) axes for \(rank)") }
    let strides = Shapes.strides(x.shape)
    let shape = order.map { x.shape[$0] }
    return x.gathered(shape, strides: order.map { strides[$0] }, count: try budget.count(shape))
  }

  static func reshaped(
    _ x: GraphTensor, _ target: GraphTensor, zeroCopies: Bool
  ) throws(EvaluationFault) -> GraphTensor {
    var shape = target.integers
    guard shape.count <= 16 else { throw EvaluationFault("a shape of \(shape.count) axes") }
    if zeroCopies {
      for axis in shape.indices where shape[axis] == 0 && axis < x.shape.count { shape[axis] = x.shape[axis] }
    }
    if let open = shape.firstIndex(of: -1) {
      shape[open] = 1
      guard let rest = GraphTensor.count(shape, limit: .max), rest > 0, x.count % rest == 0 else {
        throw EvaluationFault("\(x.shape) as \(target.integers)")
      }
      shape[open] = x.count / rest
    }
    guard GraphTensor.count(shape, limit: .max) == x.count else {
      throw EvaluationFault("\(x.shape) as \(target.integers)")
    }
    return GraphTensor(shape: shape, elements: x.elements)
  }

  static func unsqueezed(_ x: GraphTensor, _ axes: [Int]) throws(EvaluationFault) -> GraphTensor {
    guard x.shape.count + axes.count <= 16 else { throw EvaluationFault("\(axes.count) more axes") }
    let rank = x.shape.count + axes.count
    let axes = Set(try Shapes.axes(axes, rank: rank))
    var rest = x.shape.makeIterator()
    let shape = (0..<rank).map { axes.contains($0) ? 1 : rest.next() ?? 1 }
    return GraphTensor(shape: shape, elements: x.elements)
  }

  static func squeezed(_ x: GraphTensor, _ axes: [Int]?) throws(EvaluationFault) -> GraphTensor {
    let rank = x.shape.count
    let axes =
      try axes.map { (axes) throws(EvaluationFault) in try Shapes.axes(axes, rank: rank) }
      ?? x.shape.indices.filter { x.shape[$0] == 1 }
    guard axes.allSatisfy({ x.shape[$0] == 1 }) else { throw EvaluationFault("axes \(axes) of \(x.shape)") }
    let shape = x.shape.indices.filter { !axes.contains($0) }.map { x.shape[$0] }
    return GraphTensor(shape: shape, elements: x.elements)
  }

  static func expanded(
    _ x: GraphTensor, _ target: [Int], isMutual: Bool, _ budget: inout EvaluationBudget
  ) throws(EvaluationFault) -> GraphTensor {
    guard target.count <= 16 else { throw EvaluationFault("a shape of \(target.count) axes") }
    let shape = try Shapes.broadcast(x.shape, target)
    guard isMutual || shape == target else { throw EvaluationFault("\(x.shape) as \(target)") }
    let count = try budget.count(shape)
    return shape == x.shape ? x : x.gathered(shape, strides: Shapes.strides(x.shape, in: shape), count: count)
  }

  static func tiled(
    _ x: GraphTensor, _ repeats: [Int], _ budget: inout EvaluationBudget
  ) throws(EvaluationFault) -> GraphTensor {
    guard repeats.count <= 16 else { throw EvaluationFault("\(repeats.count) repeats") }
    let rank = max(x.shape.count, repeats.count)
    let sizes = [Int](repeating: 1, count: rank - x.shape.count) + x.shape
    let times = [Int](repeating: 1, count: rank - repeats.count) + repeats
    // Each axis as two: how often, and how long.
    var (shape, strides, result): ([Int], [Int], [Int]) = ([], [], [])
    for (axis, stride) in Shapes.strides(sizes).enumerated() {
      let (size, overflow) = sizes[axis].multipliedReportingOverflow(by: times[axis])
      guard !overflow, times[axis] >= 0 else { throw EvaluationFault("repeats \(repeats)") }
      shape += [times[axis], sizes[axis]]
      strides += [0, stride]
      result.append(size)
    }
    var tensor = x.gathered(shape, strides: strides, count: try budget.count(shape))
    tensor.shape = result
    return tensor
  }

  static func concatenated(
    _ parts: [GraphTensor], axis: Int, _ budget: inout EvaluationBudget
  ) throws(EvaluationFault) -> GraphTensor {
    guard let first = parts.first else { throw EvaluationFault("nothing to join") }
    let axis = try Shapes.axis(axis, rank: first.shape.count)
    var shape = first.shape
    shape[axis] = 0
    for part in parts {
      var others = part.shape
      guard others.count == shape.count else {
        throw EvaluationFault("parts \(first.shape) and \(part.shape)")
      }
      let (sum, overflow) = shape[axis].addingReportingOverflow(others[axis])
      others[axis] = shape[axis]
      guard !overflow, others == shape else {
        throw EvaluationFault("parts \(first.shape) and \(part.shape)")
      }
      shape[axis] = sum
    }
    _ = try budget.count(shape)
    let outer = shape[..<axis].reduce(1, *)
    func join<T>(_ values: [[T]]) -> [T] {
      var result: [T] = []
      for row in 0..<outer {
        for (part, values) in Swift.zip(parts, values) {
          let width = part.shape[axis...].reduce(1, *)
          result += values[row * width..<(row + 1) * width]
        }
      }
      return result
    }
    return parts.contains(where: \.isFloat)
      ? GraphTensor(shape, floats: join(parts.map(\.floats)))
      : GraphTensor(shape, integers: join(parts.map(\.integers)))
  }

  static func split(
    _ x: GraphTensor, axis: Int, sizes: [Int]?, parts: Int, _ budget: inout EvaluationBudget
  ) throws(EvaluationFault) -> [GraphTensor] {
    let axis = try Shapes.axis(axis, rank: x.shape.count)
    let whole = x.shape[axis]
    var sizes = sizes ?? [Int](repeating: whole / max(1, parts), count: parts)
    if let open = sizes.firstIndex(of: -1) {
      sizes[open] = whole &- sizes.reduce(0, &+) &- 1
    }
    guard sizes.count == parts, sizes.allSatisfy({ (0...whole).contains($0) }), sizes.reduce(0, +) == whole
    else {
      throw EvaluationFault("\(whole) in parts of \(sizes)")
    }
    let strides = Shapes.strides(x.shape)
    var start = 0
    var result: [GraphTensor] = []
    for size in sizes {
      var shape = x.shape
      shape[axis] = size
      result.append(
        x.gathered(shape, strides: strides, start: start * strides[axis], count: try budget.count(shape)))
      start += size
    }
    return result
  }

  /// One axis from start to end by steps, with numpy's rules for what lies outside.
  struct AxisSlice {
    var first: Int
    var step: Int
    var count: Int

    init(start: Int?, end: Int?, step: Int, size: Int) throws(EvaluationFault) {
      guard step != 0, step != Int.min else { throw EvaluationFault("a step of \(step)") }
      func place(_ value: Int, _ range: ClosedRange<Int>) -> Int {
        min(max(value < 0 ? value &+ size : value, range.lowerBound), range.upperBound)
      }
      self.step = step
      if step > 0 {
        first = start.map { place($0, 0...size) } ?? 0
        let end = end.map { place($0, 0...size) } ?? size
        count = end > first ? (end - first - 1) / step + 1 : 0
      } else {
        first = start.map { place($0, -1...size - 1) } ?? size - 1
        let end = end.map { place($0, -1...size - 1) } ?? -1
        count = first > end ? (first - end - 1) / -step + 1 : 0
      }
    }
  }

  static func sliced(
    _ x: GraphTensor, _ slices: [AxisSlice], _ budget: inout EvaluationBudget
  ) throws(EvaluationFault) -> GraphTensor {
    let strides = Shapes.strides(x.shape)
    let shape = slices.map(\.count)
    let count = try budget.count(shape)
    let start = count == 0 ? 0 : Swift.zip(slices, strides).reduce(0) { $0 + $1.0.first * $1.1 }
    return x.gathered(
      shape, strides: Swift.zip(slices, strides).map { $0.count > 1 ? $0.step * $1 : 0 }, start: start,
      count: count)
  }

  static func sliced(
    _ x: GraphTensor, starts: [Int], ends: [Int], axes: [Int]?, steps: [Int]?,
    _ budget: inout EvaluationBudget
  ) throws(EvaluationFault) -> GraphTensor {
    let axes = try Shapes.axes(axes ?? Array(0..<starts.count), rank: x.shape.count)
    guard ends.count == starts.count, axes.count == starts.count, steps?.count ?? starts.count == starts.count
    else {
      throw EvaluationFault("\(starts.count) starts, \(ends.count) ends")
    }
    var slices: [AxisSlice] = []
    for size in x.shape { slices.append(try AxisSlice(start: nil, end: nil, step: 1, size: size)) }
    for (index, axis) in axes.enumerated() {
      slices[axis] = try AxisSlice(
        start: starts[index], end: ends[index], step: steps?[index] ?? 1, size: x.shape[axis])
    }
    return try sliced(x, slices, &budget)
  }

  static func sliced(
    _ x: GraphTensor, _ masks: GraphOperation.StridedSlice, starts: [Int], ends: [Int], steps: [Int]?,
    _ budget: inout EvaluationBudget
  ) throws(EvaluationFault) -> GraphTensor {
    func isSet(_ mask: [Int], _ place: Int) -> Bool { place < mask.count && mask[place] != 0 }
    guard starts.count == ends.count, starts.count <= 16, steps?.count ?? starts.count == starts.count else {
      throw EvaluationFault("\(starts.count) starts, \(ends.count) ends")
    }
    let taken = starts.indices.filter { !isSet(masks.newAxes, $0) && !isSet(masks.ellipsis, $0) }.count
    guard taken <= x.shape.count else { throw EvaluationFault("\(taken) slices of \(x.shape)") }
    var slices: [AxisSlice] = []
    var shape: [Int] = []
    for place in starts.indices {
      if isSet(masks.ellipsis, place) {
        for _ in 0..<x.shape.count - taken where slices.count < x.shape.count {
          let size = x.shape[slices.count]
          slices.append(try AxisSlice(start: nil, end: nil, step: 1, size: size))
          shape.append(size)
        }
      } else if isSet(masks.newAxes, place) {
        shape.append(1)
      } else {
        let size = x.shape[slices.count]
        if isSet(masks.shrunkAxes, place) {
          let axis = try Shapes.axis(starts[place], rank: size)
          slices.append(try AxisSlice(start: axis, end: axis + 1, step: 1, size: size))
        } else {
          let slice = try AxisSlice(
            start: isSet(masks.ignoresBegin, place) ? nil : starts[place],
            end: isSet(masks.ignoresEnd, place) ? nil : ends[place], step: steps?[place] ?? 1, size: size)
          slices.append(slice)
          shape.append(slice.count)
        }
      }
    }
    while slices.count < x.shape.count {
      let size = x.shape[slices.count]
      slices.append(try AxisSlice(start: nil, end: nil, step: 1, size: size))
      shape.append(size)
    }
    var result = try sliced(x, slices, &budget)
    result.shape = shape
    return result
  }
}
