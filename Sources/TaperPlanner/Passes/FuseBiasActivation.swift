import TaperPlanFormat

/// Fuses product → bias and activation into one product, which finishes each block of columns while it is in cache.
package enum FuseBiasActivation {
  package static func run(_ graph: PlanGraph) -> PlanGraph {
    var graph = graph
    var doomed: Set<Int> = []
    for number in graph.ops.indices {
      let sum = graph.ops[number]
      guard sum.kind == .biasActivation, graph.isWhole(sum.a),
        graph.isOnlyReader(number, of: sum.a.slot)
      else { continue }
      let writers = graph.writers(of: sum.a.slot)
      guard writers.count == 1, case let product = graph.ops[writers[0]], product.kind == .gemm,
        product.bias.isNone, product.activation == .none, product.rows == sum.rows,
        product.columns == sum.columns, product.condition == sum.condition
      else { continue }
      graph.ops[writers[0]].bias = sum.bias
      graph.ops[writers[0]].activation = sum.activation
      graph.ops[writers[0]].output = sum.output
      doomed.insert(number)
    }
    graph.remove(doomed)
    return graph
  }
}
