/// Parts that front ends make several nodes of.
extension GraphBuilder {
  /// A place in the file: nodes made for one of its nodes have its kind and name.
  struct Origin {
    var kind: String
    var name: String
  }

  /// One operation with one result.
  mutating func emit(
    _ operation: GraphOperation, _ inputs: [Int?], _ origin: Origin, to output: Int? = nil
  ) throws(ImportError) -> Int {
    let output = output ?? makeValue()
    try add(operation, inputs, outputs: [output], kind: origin.kind, name: origin.name)
    return output
  }

  /// x + y; x where there is no y.
  mutating func sum(_ x: Int, _ y: Int?, _ origin: Origin, to output: Int? = nil) throws(ImportError) -> Int {
    guard let y else { return output == nil ? x : try emit(.identity, [x], origin, to: output) }
    return try emit(.binary(.add), [x, y], origin, to: output)
  }

  /// A norm over the last axes with its scale and shift.
  mutating func layerNorm(
    _ x: Int, gamma: Int?, beta: Int?, axes: [Int] = [-1], epsilon: Float, _ origin: Origin, to output: Int?
  ) throws(ImportError) -> Int {
    var value = try emit(.normalize(epsilon: epsilon), [x, axes == [-1] ? nil : self.axes(axes)], origin)
    if let gamma { value = try emit(.binary(.multiply), [value, gamma], origin) }
    return try sum(value, beta, origin, to: output)
  }

  /// [batch, tokens, heads · width] as [batch, heads, tokens, width].
  mutating func splitHeads(_ x: Int, _ heads: Int, _ origin: Origin) throws(ImportError) -> Int {
    let rows = try emit(.reshape(zeroCopies: true), [x, axes([0, 0, heads, -1])], origin)
    return try emit(.transpose([0, 2, 1, 3]), [rows], origin)
  }

  mutating func joinHeads(_ x: Int, _ origin: Origin, to output: Int?) throws(ImportError) -> Int {
    let rows = try emit(.transpose([0, 2, 1, 3]), [x], origin)
    return try emit(.reshape(zeroCopies: true), [rows, axes([0, 0, -1])], origin, to: output)
  }

  /// softmax(q·kᵀ·scale + bias + mask)·v for heads apart.
  /// - Parameters:
  ///   - scale: a value; nil: one by the root of the width of a head.
  ///   - bias: added to scores.
  ///   - mask: what a fused node takes for one; see `maskBias`.
  mutating func attention(
    query: Int, key: Int, value: Int, scale: Int?, bias: Int?, mask: Int?, _ origin: Origin, to output: Int?
  ) throws(ImportError) -> Int {
    var scores = try emit(.matMul(transposeA: false, transposeB: true), [query, key], origin)
    if let scale {
      scores = try emit(.binary(.multiply), [scores, scale], origin)
    } else {
      let shape = try emit(.shape, [query], origin)
      let width = try emit(.gather(axis: 0), [shape, literal(.scalar(-1))], origin)
      let root = try emit(.unary(.squareRoot), [try emit(.convert(.float), [width], origin)], origin)
      scores = try emit(.binary(.divide), [scores, root], origin)
    }
    scores = try sum(scores, bias, origin)
    if let mask { scores = try sum(scores, try emit(.maskBias, [scores, mask], origin), origin) }
    let weights = try emit(.softmax(axis: -1, flattens: false), [scores], origin)
    return try emit(.matMul(transposeA: false, transposeB: false), [weights, value], origin, to: output)
  }
}
