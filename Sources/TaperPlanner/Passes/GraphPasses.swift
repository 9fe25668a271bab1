import TaperPlanFormat

/// The passes that rewrite the graph, in order. Dead rows go first, while every op is still plain; then attention,
/// which decides who reads the kept rows; gathers next, so that the sums they feed can be fused; layer norms before biases, because a bias is free inside the norm's sweep but
/// not inside a product; stacking last, when products carry their biases.
package enum GraphPasses {
  package static func run(
    _ graph: PlanGraph, passes: PassSet, pricer: OpPricer, maximumLength: Int
  ) -> PlanGraph {
    var graph = DeadOpElimination.run(graph)
    for pass in PlannerPass.allCases where passes.contains(pass) {
      switch pass {
      // No rewrites of this graph: of the schedule, of families and their weights, of places.
      case .tileRounding, .kernelSelection, .smoothColumns, .arenaPlanning: continue
      case .deadRowElimination: graph = DeadRowElimination.run(graph)
      case .fuseAttentionScores:
        graph = FuseAttentionScores.run(graph, pricer: pricer, maximumLength: maximumLength)
      case .fuseGather: graph = FuseGather.run(graph)
      case .fuseResidualLayerNorm: graph = FuseResidualLayerNorm.run(graph)
      case .fuseBiasActivation: graph = FuseBiasActivation.run(graph)
      case .fuseQKV: graph = FuseQKV.run(graph)
      case .inPlace: graph = InPlace.run(graph)
      }
    }
    return graph
  }
}
