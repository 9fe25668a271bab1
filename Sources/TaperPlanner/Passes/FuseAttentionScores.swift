import TaperPlanFormat

/// Replaces scores → select → context of the kept rows by context of all rows with its scores → select (ours).
///
/// The first way keeps H·n² probabilities until the selection has read their column sums, and then computes the context
/// of the kept rows only. The second computes the context of all rows while each block of probabilities is in cache,
/// and keeps only the sums. Which is faster depends on how many rows are kept, and the schedule search decides that
/// later, with the op list that this pass leaves. So each layer is decided as if it kept half of its rows, by the times
/// summed over every number of keys up to the plan's longest. With instrumented importance all rows are kept, and the
/// second way wastes no work.
package enum FuseAttentionScores {
  package static func run(_ graph: PlanGraph, pricer: OpPricer, maximumLength: Int) -> PlanGraph {
    var graph = graph
    var doomed: Set<Int> = []
    for number in graph.ops.indices where graph.ops[number].kind == .attentionScores {
      let scores = graph.ops[number]
      guard let reader = context(of: scores, graph) else { continue }
      var scored = scores
      scored.kind = .attentionScored
      scored.c = graph.ops[reader].c
      scored.output = graph.ops[reader].output
      guard
        isFaster(
          PricedOp(scored, mayRound: graph.mayRound(scored)),
          than: [scores, graph.ops[reader]].map { PricedOp($0) }, pricer: pricer, maximumLength: maximumLength
        )
      else { continue }
      graph.ops[number] = scored
      doomed.insert(reader)
    }
    graph.remove(doomed)
    return graph
  }

  /// The only op that reads the probabilities, for all rows; nil when there is none.
  private static func context(of scores: PlanOp, _ graph: PlanGraph) -> Int? {
    let readers = graph.readers(of: scores.output.slot)
    guard readers.count == 1, !graph.slot(scores.output).outlivesRun else { return nil }
    let context = graph.ops[readers[0]]
    guard context.kind == .attentionContext, context.condition == scores.condition, context.index.isNone,
      context.rows == scores.rows
    else { return nil }
    return readers[0]
  }

  private static func isFaster(
    _ scored: PricedOp, than apart: [PricedOp], pricer: OpPricer, maximumLength: Int
  ) -> Bool {
    guard !pricer.kernels(scored).isEmpty else { return false }
    func time(_ ops: [PricedOp], keys: Int) -> UInt64 {
      let kept = scored.condition == .always ? keys : (keys + 1) / 2
      return ops.reduce(0) {
        let rows = $1.kind == .attentionContext ? kept : keys
        return $0 &+ pricer.price($1, rows: rows, innerRows: keys).time.rawValue
      }
    }
    let sums = (1...maximumLength).reduce((0 as UInt64, 0 as UInt64)) {
      ($0.0 &+ time([scored], keys: $1), $0.1 &+ time(apart, keys: $1))
    }
    return sums.0 < sums.1
  }
}
