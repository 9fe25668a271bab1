import TaperPlanFormat

/// The passes that rewrite the graph, in order:
/// - dead rows first, while every op is still plain;
/// - then attention, which decides who reads the kept rows;
/// - then gathers, so that the sums they feed can be fused;
/// - layer norms before biases, because a bias is free in the norm's sweep but not in a product;
/// - stacking last, when products have their biases.
package enum GraphPasses {
  package static func run(
    _ graph: PlanGraph, passes: PassSet, pricer: OpPricer, maximumLength: Int
  ) -> PlanGraph {
    var graph = DeadOpElimination.run(graph)
    for pass in PlannerPass.allCases where passes.contains(pass) {
      switch pass {
      // These do not rewrite this graph but the schedule, kernel families and their weights, or places.
      case .tileRounding, .kernelSelection, .smoothColumns, .fuseEncodings, .arenaPlanning: continue
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
