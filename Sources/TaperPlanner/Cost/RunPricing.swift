package import TaperPlanFormat

/// Predicted times of single runs of a plan in which the input decides how much is computed: the op list at the counts
/// of the run, up to the layer that it ended after, and at most the plan's worst case.
package struct RunPricing: Sendable {
  let ops: [PricedOp]
  /// The costs that the plan was priced with.
  let costs: OpCosts
  let passes: PassSet
  let excludedKernels: Set<KernelID>

  /// - Parameter runs: for each run T(0)…T(L) and the number of layers it ran.
  package func times(_ runs: [(keptTokens: [Int], depth: Int)], _ plan: Plan) -> [Nanoseconds] {
    let pricer = OpPricer(
      costs, selectingKernels: passes.contains(.kernelSelection), excluding: excludedKernels)
    let layers = plan.schedule.layerCount
    let ends = ops.runEnds
    var timers: [Int: OpListTimer] = [:]
    return runs.map { run in
      let worst = plan.worstTime(length: run.keptTokens[0], depth: run.depth)
      guard plan.expectations != nil else { return worst }
      let depth = ends.count == layers ? run.depth : layers
      let end = ends.count == layers ? ends[depth - 1] : ops.count - 1
      let timer =
        timers[depth]
        ?? OpListTimer(
          Array(ops[...end]), layerCount: layers, maximumLength: plan.schedule.maximumLength, pricer: pricer)
      timers[depth] = timer
      return min(worst, Nanoseconds(timer.time(run.keptTokens)))
    }
  }
}
