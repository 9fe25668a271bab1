extension GraphEvaluation {
  /// Rows of a constant table that is made row by row, as a dequantised one is: the rest of it is not computed. A
  /// vocabulary's table in f32 is most of a model.
  /// - Returns: nil where the table is made in another way.
  func rows(_ value: Int, _ places: [Int]) throws(ImportError) -> GraphTensor? {
    guard dependences[value] == .constants, let count = rowCount(value) else { return nil }
    for place in places { guard (0..<count).contains(place) else { return nil } }
    return try rows(value, places, of: count, depth: 0)
  }

  /// Rows of the stored constant that a table is made of.
  func rowCount(_ value: Int) -> Int? {
    var value = value
    for _ in 0..<Self.rowDepth {
      if let constant = graph.constants[value] { return constant.shape.count >= 2 ? constant.shape[0] : nil }
      guard let place = graph.producers[value], let input = graph.nodes[place].inputs.first ?? nil else {
        return nil
      }
      value = input
    }
    return nil
  }

  private static let rowDepth = 16

  private func rows(
    _ value: Int, _ places: [Int], of count: Int, depth: Int
  ) throws(ImportError) -> GraphTensor? {
    if let constant = graph.constants[value] {
      guard constant.shape.count >= 2, constant.shape[0] == count else { return nil }
      return GraphTensor(shape: [places.count] + constant.shape.dropFirst(), elements: constant.rows(places))
    }
    guard depth < Self.rowDepth, let place = graph.producers[value] else { return nil }
    let node = graph.nodes[place]
    guard let first = node.inputs.first ?? nil, let x = try rows(first, places, of: count, depth: depth + 1)
    else {
      return nil
    }
    switch node.operation {
    case .identity, .convert, .unary: return try apply(node, [x]).first
    case .binary:
      guard node.inputs.count == 2, let other = node.inputs[1] else { return nil }
      if let y = try rows(other, places, of: count, depth: depth + 1) {
        return x.shape.count == y.shape.count ? try apply(node, [x, y]).first : nil
      }
      guard let y = try repeated(other, rank: x.shape.count) else { return nil }
      return try apply(node, [x, y]).first
    case .reshape:
      guard node.inputs.count == 2, let target = node.inputs[1], graph.constants[target]?.count ?? 0 <= 16
      else {
        return nil
      }
      var shape = try tensor(target).integers
      guard shape.count >= 2, shape[0] == count else { return nil }
      shape[0] = places.count
      return try apply(node, [x, .vector(shape)]).first
    case .dequantize(_, block: 0):
      guard node.inputs.count >= 2, let scale = node.inputs[1], try shape(scale).reduce(1, *) == 1 else {
        return nil
      }
      let zero = node.inputs.count > 2 ? node.inputs[2] : nil
      guard let zero else { return try apply(node, [x, try tensor(scale)]).first }
      guard try shape(zero).reduce(1, *) == 1 else { return nil }
      return try apply(node, [x, try tensor(scale), try tensor(zero)]).first
    default: return nil
    }
  }

  /// A small constant that is the same for every row.
  private func repeated(_ value: Int, rank: Int) throws(ImportError) -> GraphTensor? {
    if let constant = graph.constants[value], constant.count > 1 << 16 { return nil }
    let tensor = try tensor(value)
    return tensor.shape.count < rank || tensor.shape[0] == 1 && tensor.shape.count == rank ? tensor : nil
  }
}
