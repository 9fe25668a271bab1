import TaperPlanFormat

/// Fuses bias, residual sum and layer norm into one sweep over the rows, and the embeddings' norm into the embedding.
///
/// x + bias → + residual → norm becomes norm(x + bias + residual[index]): one sweep over each row instead of three.
package enum FuseResidualLayerNorm {
  package static func run(_ graph: PlanGraph) -> PlanGraph {
    var graph = graph
    var doomed: Set<Int> = []
    for number in graph.ops.indices where graph.ops[number].kind == .layerNorm {
      foldSum(number, &graph, &doomed)
      foldBias(number, &graph, &doomed)
      foldIntoEmbedding(number, &graph, &doomed)
    }
    graph.remove(doomed)
    return graph
  }

  /// The op that alone writes `norm`'s operand `a`, where `norm` is its only reader; nil when there is none.
  private static func producer(of norm: Int, _ kind: OpKind, _ graph: PlanGraph) -> Int? {
    let input = graph.ops[norm].a
    let writers = graph.writers(of: input.slot)
    guard writers.count == 1, graph.isOnlyReader(norm, of: input.slot), graph.isWhole(input) else {
      return nil
    }
    let op = graph.ops[writers[0]]
    guard op.kind == kind, op.rows == graph.ops[norm].rows, op.condition == graph.ops[norm].condition else {
      return nil
    }
    return writers[0]
  }

  private static func foldSum(_ norm: Int, _ graph: inout PlanGraph, _ doomed: inout Set<Int>) {
    guard graph.ops[norm].b.isNone, let number = producer(of: norm, .add, graph) else { return }
    let sum = graph.ops[number]
    graph.ops[norm].a = sum.a
    graph.ops[norm].b = sum.b
    graph.ops[norm].index = sum.index
    retire(number, &graph, &doomed)
  }

  private static func foldBias(_ norm: Int, _ graph: inout PlanGraph, _ doomed: inout Set<Int>) {
    guard graph.ops[norm].bias.isNone, let number = producer(of: norm, .biasActivation, graph) else { return }
    let sum = graph.ops[number]
    guard sum.activation == .none else { return }
    graph.ops[norm].a = sum.a
    graph.ops[norm].bias = sum.bias
    retire(number, &graph, &doomed)
  }

  private static func foldIntoEmbedding(_ norm: Int, _ graph: inout PlanGraph, _ doomed: inout Set<Int>) {
    guard graph.ops[norm].b.isNone, graph.ops[norm].bias.isNone,
      let number = producer(of: norm, .embed, graph)
    else { return }
    let op = graph.ops[norm]
    graph.ops[number].gamma = op.gamma
    graph.ops[number].beta = op.beta
    graph.ops[number].epsilon = op.epsilon
    graph.ops[number].output = op.output
    doomed.insert(norm)
  }

  /// Ops must keep their numbers while the loop runs, so a folded op is blanked now and removed at the end.
  private static func retire(_ number: Int, _ graph: inout PlanGraph, _ doomed: inout Set<Int>) {
    let group = graph.ops[number].fusionGroup
    graph.ops[number] = PlanOp(.add, layer: Int(graph.ops[number].layer), rows: .one)
    graph.ops[number].fusionGroup = group
    doomed.insert(number)
  }
}
