import TaperPlanFormat

/// Folds encode ops into the norms, embeddings and products that write what they encode (ours).
///
/// A norm, that of the embeddings too, writes its rows and their encoding in one sweep. A product of bf16 whose only
/// reader multiplies bf16 writes bf16 alone. The values are those of the encode op. An op whose rows are read through an
/// index keeps its encode op, and so does every op where the profile predicts no gain, by the times summed over every
/// row count from 1 to the plan's longest input, or has not measured the fused kernel.
package enum FuseEncodings {
  package static func run(_ graph: PlanGraph, pricer: OpPricer, maximumLength: Int) -> PlanGraph {
    var graph = graph
    var doomed: Set<Int> = []
    for number in graph.ops.indices where graph.ops[number].kind == .encode {
      let encode = graph.ops[number]
      guard encode.encodedElement.planes == 1, let producer = producer(of: number, graph) else { continue }
      let plain = graph.ops[producer]
      var fused = plain
      switch plain.kind {
      case .layerNorm:
        fused.kind = .normEncode
        fused.c = plain.output
        fused.output2 = encode.output2
        fused.table0 = encode.gamma
      case .embed where !plain.gamma.isNone:
        fused.kind = .embedEncode
        fused.c = plain.output
        fused.output2 = encode.output2
        fused.bias = encode.gamma
      case .gemm where encode.encodedElement == .bf16 && readsAlone(number, after: producer, graph):
        fused.kind = .gemmEncode
      default: continue
      }
      fused.output = encode.output
      let (candidate, apart) = ([graph.priced(fused)], [plain, encode].map(graph.priced))
      guard pricer.firstWithoutKernel(candidate) == nil,
        pricer.firstWithoutKernel(apart) != nil
          || pricer.total(candidate, maximumLength: maximumLength)
            < pricer.total(apart, maximumLength: maximumLength)
      else { continue }
      graph.ops[producer] = fused
      doomed.insert(number)
    }
    graph.remove(doomed)
    return graph
  }

  /// The op that wrote, in every run, the rows that `encode` encodes; nil when there is no single such op.
  private static func producer(of encode: Int, _ graph: PlanGraph) -> Int? {
    let op = graph.ops[encode]
    guard let writer = graph.writers(of: op.a.slot).last(where: { $0 < encode }) else { return nil }
    let found = graph.ops[writer]
    guard op.index.isNone, found.output == op.a, found.condition == .always, op.condition == .always,
      found.rows == op.rows, found.columns == op.columns
    else { return nil }
    return writer
  }

  /// Whether nothing else reads what `producer` wrote.
  private static func readsAlone(_ encode: Int, after producer: Int, _ graph: PlanGraph) -> Bool {
    let slot = graph.ops[producer].output.slot
    let end = graph.writers(of: slot).first { $0 > producer } ?? graph.ops.count
    // An op that updates the slot reads it too.
    let readers = graph.readers(of: slot).filter { $0 > producer && $0 <= end }
    return readers == [encode] && !graph.slots[Int(slot)].outlivesRun
  }
}
