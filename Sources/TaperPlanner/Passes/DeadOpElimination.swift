import TaperPlanFormat

/// Removes ops whose results nobody reads. Not a pass by itself: it cleans up after the passes.
///
/// One sweep from the last op to the first. An op is alive when it writes a slot that outlives the run, or one that a
/// later living op reads. An op that updates its output (compose, scatter) is alive only for readers after it.
package enum DeadOpElimination {
  package static func run(_ graph: PlanGraph) -> PlanGraph {
    var graph = graph
    var wanted = Set(graph.slots.indices.filter { graph.slots[$0].outlivesRun }.map(UInt16.init))
    wanted.insert(graph.result)
    var doomed: Set<Int> = []
    for number in graph.ops.indices.reversed() {
      let op = graph.ops[number]
      guard op.results.contains(where: { wanted.contains($0.slot) }) else {
        doomed.insert(number)
        continue
      }
      wanted.formUnion(op.readOperands.map(\.slot))
    }
    graph.remove(doomed)
    return graph
  }
}
