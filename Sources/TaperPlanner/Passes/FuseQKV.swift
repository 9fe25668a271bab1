import TaperPlanFormat

/// Stacks the weights of products with the same input into one product: queries, keys and values in [3d, d], keys and
/// values in [2d, d] where queries are needed for row 0 only, or both products of a gated feed-forward block. The input
/// is read once, and the product is wider, which suits BLAS. Readers take column views of the common slot.
package enum FuseQKV {
  package static func run(_ graph: PlanGraph) -> PlanGraph {
    var graph = graph
    var doomed: Set<Int> = []
    for number in graph.ops.indices where !doomed.contains(number) {
      let members = siblings(of: number, in: graph).filter { !doomed.contains($0) }
      guard members.count > 1 else { continue }
      stack(members, &graph)
      doomed.formUnion(members.dropFirst())
    }
    graph.remove(doomed)
    return graph
  }

  /// Products from `number` on with the same rows of the same input and the same epilogue.
  private static func siblings(of number: Int, in graph: PlanGraph) -> [Int] {
    let first = graph.ops[number]
    guard first.kind == .gemm, first.activation == .none, first.index.isNone, first.condition == .always
    else {
      return []
    }
    return (number..<graph.ops.count).filter {
      let op = graph.ops[$0]
      return op.kind == .gemm && op.layer == first.layer && op.a == first.a && op.rows == first.rows
        && op.depth == first.depth && op.activation == .none && op.index.isNone && op.condition == .always
        && op.bias.isNone == first.bias.isNone && graph.isWhole(op.output)
        && !graph.slot(op.output).outlivesRun
        && graph.writers(of: op.output.slot) == [$0]
    }
  }

  private static func stack(_ members: [Int], _ graph: inout PlanGraph) {
    let ops = members.map { graph.ops[$0] }
    let columns = ops.reduce(0) { $0 + Int($1.columns) }
    let depth = Int(ops[0].depth)
    let prefix = name(ops, graph)

    let slot = UInt16(graph.slots.count)
    graph.slots.append(
      GraphSlot(
        name: prefix, element: .f32, copies: 1, rows: ops[0].rows, innerRows: .one, columns: columns,
        outlivesRun: false))
    var product = ops[0]
    product.columns = UInt32(columns)
    product.parts = UInt16(GemmPartition.parts(columns: columns, depth: depth))
    product.output = Operand(slot: slot, offset: 0, leading: UInt32(columns))
    product.weight = stacked(ops.map(\.weight), name: prefix + ".weight", shape: [columns, depth], &graph)
    if !product.bias.isNone {
      product.bias = stacked(ops.map(\.bias), name: prefix + ".bias", shape: [columns], &graph)
    }
    graph.ops[members[0]] = product

    var offset: UInt32 = 0
    for op in ops {
      let view = Operand(slot: slot, offset: offset, leading: UInt32(columns))
      for reader in graph.ops.indices { graph.ops[reader].replaceReads(of: op.output, with: view) }
      offset += op.columns
    }
  }

  /// "layer.1.qkv", after the first layer with these weights.
  private static func name(_ ops: [PlanOp], _ graph: PlanGraph) -> String {
    let first = graph.weights[Int(ops[0].weight.rawValue)].name
    let layer = first.split(separator: ".").prefix(2).joined(separator: ".")
    if first.hasSuffix(".intermediate.weight") { return "\(layer).gate_up" }
    return "\(layer)." + (ops.count == 3 ? "qkv" : "kv")
  }

  private static func stacked(
    _ members: [WeightReference], name: String, shape: [Int], _ graph: inout PlanGraph
  ) -> WeightReference {
    let roles = members.flatMap { member in
      guard case .tensors(let roles) = graph.weights[Int(member.rawValue)].source else {
        preconditionFailure("only the model's own tensors are stacked")
      }
      return roles
    }
    let recipe = WeightRecipe(name: name, shape: shape, source: .tensors(roles))
    // Layers may share their weights.
    if let known = graph.weights.firstIndex(of: recipe) { return WeightReference(rawValue: UInt16(known)) }
    graph.weights.append(recipe)
    return WeightReference(rawValue: UInt16(graph.weights.count - 1))
  }
}

extension PlanOp {
  /// Replaces every read of exactly `old` by a read of `new`.
  mutating func replaceReads(of old: Operand, with new: Operand) {
    if a == old { a = new }
    if b == old { b = new }
    if c == old { c = new }
    if index == old { index = new }
    if origin == old { origin = new }
  }
}
