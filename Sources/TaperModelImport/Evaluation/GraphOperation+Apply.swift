extension GraphOperation {
  /// The results of one operation.
  /// - Parameter isConstant: whether no input depends on what is fed to the graph.
  static func apply(
    _ operation: GraphOperation, _ inputs: [GraphTensor?], outputs: Int, isConstant: Bool,
    _ budget: inout EvaluationBudget
  ) throws(EvaluationFault) -> [GraphTensor] {
    func optional(_ place: Int) -> GraphTensor? { place < inputs.count ? inputs[place] : nil }
    func input(_ place: Int) throws(EvaluationFault) -> GraphTensor {
      guard let tensor = optional(place) else { throw EvaluationFault("input \(place + 1) is missing") }
      return tensor
    }
    let x = try input(0)
    switch operation {
    case .identity: return [x]
    case .ranked(let rank):
      guard x.shape.count == rank else { throw EvaluationFault("\(x.shape), expected \(rank) axes") }
      return [x]
    case .convert(let kind):
      switch kind {
      case .float: return [GraphTensor(x.shape, floats: x.floats)]
      case .integer: return [GraphTensor(x.shape, integers: x.integers)]
      case .boolean: return [try Elementwise.apply(.notEqual, x, .scalar(0), &budget)]
      }
    case .convertLike:
      return [
        try input(1).isFloat
          ? GraphTensor(x.shape, floats: x.floats) : GraphTensor(x.shape, integers: x.integers)
      ]
    case .unary(let unary): return [Elementwise.apply(unary, x)]
    case .binary(let binary): return [try Elementwise.apply(binary, x, try input(1), &budget)]
    case .select: return [try Elementwise.select(x, try input(1), try input(2), &budget)]
    case .clip: return [try Elementwise.clip(x, optional(1), optional(2), &budget)]
    case .matMul(let a, let b):
      return [try Products.matMul(x, try input(1), transposeA: a, transposeB: b, &budget)]
    case .integerMatMul: return [try Quantizing.matMul(x, try input(1), optional(2), optional(3), &budget)]
    case .softmax(let axis, let flattens):
      return [try Products.softmax(x, axis: axis, flattens: flattens, &budget)]
    case .normalize(let epsilon): return [try Products.normalize(x, optional(1), epsilon: epsilon, &budget)]
    case .l2Normalize(let epsilon, let takesMaximum):
      return [
        try Products.l2Normalize(x, optional(1), epsilon: epsilon, takesMaximum: takesMaximum, &budget)
      ]
    case .reduce(let reduction, let keepsAxes, let ignoresNoAxes):
      return [
        try Products.reduce(
          x, optional(1), reduction, keepsAxes: keepsAxes, ignoresNoAxes: ignoresNoAxes, &budget)
      ]
    case .gather(let axis): return [try Indexing.gather(x, try input(1), axis: axis, &budget)]
    case .gatherElements(let axis): return [try Indexing.gatherElements(x, try input(1), axis: axis, &budget)]
    case .gatherND(let axes): return [try Indexing.gatherND(x, try input(1), batchAxes: axes, &budget)]
    case .scatterND: return [try Indexing.scatterND(x, try input(1), try input(2))]
    case .slice:
      return [
        try Layout.sliced(
          x, starts: try input(1).integers, ends: try input(2).integers, axes: optional(3)?.integers,
          steps: optional(4)?.integers, &budget)
      ]
    case .stridedSlice(let masks):
      return [
        try Layout.sliced(
          x, masks, starts: try input(1).integers, ends: try input(2).integers, steps: optional(3)?.integers,
          &budget)
      ]
    case .concatenate(let axis):
      return [try Layout.concatenated(inputs.compactMap(\.self), axis: axis, &budget)]
    case .split(let axis):
      return try Layout.split(x, axis: axis, sizes: optional(1)?.integers, parts: outputs, &budget)
    case .reshape(let zeroCopies): return [try Layout.reshaped(x, try input(1), zeroCopies: zeroCopies)]
    case .flatten(let axis):
      guard (-x.shape.count...x.shape.count).contains(axis) else { throw EvaluationFault("axis \(axis)") }
      let place = axis < 0 ? axis + x.shape.count : axis
      let rows = x.shape[..<place].reduce(1, *)
      return [GraphTensor(shape: [rows, rows == 0 ? 0 : x.count / rows], elements: x.elements)]
    case .transpose(let order): return [try Layout.transposed(x, order ?? optional(1)?.integers, &budget)]
    case .unsqueeze: return [try Layout.unsqueezed(x, try input(1).integers)]
    case .squeeze: return [try Layout.squeezed(x, optional(1)?.integers)]
    case .expand(let isMutual):
      return [try Layout.expanded(x, try input(1).integers, isMutual: isMutual, &budget)]
    case .tile: return [try Layout.tiled(x, try input(1).integers, &budget)]
    case .shape: return [.vector(x.shape)]
    case .fill:
      let value = try input(1)
      guard value.count == 1 else { throw EvaluationFault("a value of shape \(value.shape)") }
      return [
        try Layout.expanded(
          GraphTensor(shape: [], elements: value.elements), x.integers, isMutual: false, &budget)
      ]
    case .range: return [try Indexing.range(x, try input(1), try input(2), &budget)]
    case .cumulativeSum(let isExclusive, let isReversed):
      guard let axis = try input(1).integers.first else { throw EvaluationFault("no axis") }
      return [try Indexing.cumulativeSum(x, axis: axis, isExclusive: isExclusive, isReversed: isReversed)]
    case .triangle(let isUpper):
      return [try Indexing.triangle(x, isUpper: isUpper, diagonal: optional(1)?.integers.first ?? 0)]
    case .oneHot(let axis):
      return [
        try Indexing.oneHot(
          x, depth: try input(1).integers.first ?? 0, off: try input(2), on: try input(3), axis: axis, &budget
        )
      ]
    case .quantize(let axis, let range):
      return [
        try Quantizing.quantize(
          x, try input(1), optional(2), axis: axis, range: range, rounds: isConstant, &budget)
      ]
    case .dequantize(let axis, let block):
      return [try Quantizing.dequantize(x, try input(1), optional(2), axis: axis, block: block, &budget)]
    case .dynamicQuantize: return [x, .scalar(Float(1)), .scalar(0)]
    case .fakeQuantize(let levels):
      return [
        try Quantizing.fakeQuantize(
          x, [try input(1), try input(2), try input(3), try input(4)], levels: levels, rounds: isConstant,
          &budget)
      ]
    case .attentionMask:
      guard !x.isFloat else { return [x] }
      return [GraphTensor(x.shape, floats: x.integers.map { $0 != 0 ? 0 : -.infinity })]
    case .maskBias:
      // Lengths of the texts, or one number a token; `x` has as many rows as there are tokens.
      let mask = try input(1)
      let length = x.shape.count >= 2 ? x.shape[x.shape.count - 1] : 0
      let counts = mask.integers
      let isWhole =
        mask.shape == [1]
        ? counts == [length]
        : mask.shape.last == length && counts.allSatisfy { $0 == 1 }
      guard isWhole else { throw EvaluationFault("a mask of shape \(mask.shape) that hides tokens") }
      return [.scalar(Float(0))]
    }
  }
}
