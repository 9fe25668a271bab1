import TaperPlanFormat

/// Reads kept rows through an index instead of gathering them first.
///
/// Three ops take an index: the attention context, which then computes only the kept rows (the published form counts
/// all rows); the residual sum, which reads the layer's input at those rows; and, where the context of all rows is
/// computed, the output projection. A packed product reads rows in place.
package enum FuseGather {
  package static func run(_ graph: PlanGraph) -> PlanGraph {
    var graph = graph
    var doomed: Set<Int> = []
    for number in graph.ops.indices {
      let gather = graph.ops[number]
      guard gather.kind == .gather, gather.condition == .always, !gather.index.isNone else { continue }
      if foldIntoContext(gather, number, &graph) || foldIntoReader(gather, &graph) {
        doomed.insert(number)
      }
    }
    graph.remove(doomed)
    return graph
  }

  private static func foldIntoContext(_ gather: PlanOp, _ number: Int, _ graph: inout PlanGraph) -> Bool {
    let writers = graph.writers(of: gather.a.slot)
    guard graph.isOnlyReader(number, of: gather.a.slot), graph.isWhole(gather.a),
      writers.allSatisfy({
        let op = graph.ops[$0]
        return op.kind == .attention && op.condition == .ifNotReduced
          || op.kind == .attentionContext && op.condition == .ifReduced && op.index.isNone
      })
    else { return false }
    for writer in writers {
      // Where nothing is dropped T(l) = T(l−1), so the plain attention may have T(l) rows.
      graph.ops[writer].rows = gather.rows
      graph.ops[writer].output = gather.output
      if graph.ops[writer].kind == .attentionContext { graph.ops[writer].index = gather.index }
    }
    return true
  }

  private static func foldIntoReader(_ gather: PlanOp, _ graph: inout PlanGraph) -> Bool {
    let readers = graph.readers(of: gather.output.slot)
    guard readers.count == 1, !graph.slot(gather.output).outlivesRun, graph.isWhole(gather.a) else {
      return false
    }
    var reader = graph.ops[readers[0]]
    guard reader.index.isNone, reader.rows == gather.rows else { return false }
    switch reader.kind {
    case .add where reader.b == gather.output: reader.b = gather.a
    case .gemm where reader.a == gather.output: reader.a = gather.a
    default: return false
    }
    reader.index = gather.index
    graph.ops[readers[0]] = reader
    return true
  }
}
