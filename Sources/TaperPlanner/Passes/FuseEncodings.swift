import TaperPlanFormat

/// Folds encode ops into the norms, embeddings, products and attention that write what they encode (ours).
///
/// A norm, that of the embeddings too, writes its rows and their encoding in one sweep. A product of bf16 whose only
/// reader multiplies bf16 writes bf16 alone; so does one of queries, keys and values that attention alone reads, and
/// that attention, where an encode op alone reads its result. The values are those of the encode op, or the ones that
/// attention would have rounded itself. An op whose rows are read through an index keeps its encode op. So does every
/// op where the profile predicts no gain, by the times summed over every row count from 1 to the plan's longest input,
/// or has not measured the fused kernel.
package enum FuseEncodings {
  package static func run(_ graph: PlanGraph, pricer: OpPricer, maximumLength: Int) -> PlanGraph {
    var graph = graph
    for product in graph.ops.indices.reversed() where graph.ops[product].kind == .gemm {
      readEncodedRows(after: product, &graph, pricer: pricer, maximumLength: maximumLength)
    }
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
      guard pays([fused], insteadOf: [plain, encode], graph, pricer, maximumLength) else { continue }
      graph.ops[producer] = fused
      doomed.insert(number)
    }
    graph.remove(doomed)
    return graph
  }

  /// Whether the first ops have kernels, and are faster than the others.
  private static func pays(
    _ fused: [PlanOp], insteadOf apart: [PlanOp], _ graph: PlanGraph, _ pricer: OpPricer, _ maximumLength: Int
  ) -> Bool {
    let (fused, apart) = (fused.map(graph.priced), apart.map(graph.priced))
    guard pricer.firstWithoutKernel(fused) == nil else { return false }
    return pricer.firstWithoutKernel(apart) != nil
      || pricer.total(fused, maximumLength: maximumLength) < pricer.total(apart, maximumLength: maximumLength)
  }

  /// Lets a product that writes queries, keys and values for attention alone encode them, and that attention read them
  /// so. What attends whole rows in every run takes in the encode op after it, too.
  private static func readEncodedRows(
    after product: Int, _ graph: inout PlanGraph, pricer: OpPricer, maximumLength: Int
  ) {
    let plain = graph.ops[product]
    guard graph.priced(plain).layout == .panelBF16, plain.condition == .always, graph.isWhole(plain.output),
      let readers = onlyReaders(of: product, graph), !readers.isEmpty
    else { return }
    var encoding = plain
    encoding.kind = .gemmEncode
    encoding.output = Operand(slot: UInt16(graph.slots.count), leading: plain.output.leading)
    var replaced = [product: encoding]
    var doomed: Set<Int> = []
    for number in readers {
      let reader = graph.ops[number]
      let width = UInt32(reader.heads) * reader.depth
      guard let kind = encodedKinds[reader.kind], reader.innerRows == plain.rows, plain.columns == 3 * width,
        reader.index.isNone, reader.a == plain.output, reader.output.slot != plain.output.slot,
        [reader.b, reader.c].map(\.offset) == [width, 2 * width]
      else { return }
      var fused = reader
      fused.kind = kind
      (fused.a, fused.b, fused.c) = (encoding.output, .none, .none)
      if reader.kind == .attention, let encode = encodeOp(after: number, graph) {
        fused.kind = .attentionEncode
        (fused.rows, fused.output) = (graph.ops[encode].rows, graph.ops[encode].output)
        doomed.insert(encode)
      }
      replaced[number] = fused
    }
    let apart = (Array(replaced.keys) + doomed).map { graph.ops[$0] }
    guard pays(Array(replaced.values), insteadOf: apart, graph, pricer, maximumLength) else { return }
    var slot = graph.slot(plain.output)
    (slot.name, slot.element) = (slot.name + ".bf16", .bf16)
    graph.slots.append(slot)
    for (number, op) in replaced { graph.ops[number] = op }
    graph.remove(doomed)
  }

  private static let encodedKinds: [OpKind: OpKind] = [
    .attention: .encodedAttention, .attentionScored: .encodedAttentionScored,
  ]

  /// The encode op to bf16 that alone reads what `attention` writes, all of its rows or the first of them.
  private static func encodeOp(after attention: Int, _ graph: PlanGraph) -> Int? {
    let op = graph.ops[attention]
    guard op.condition == .always, graph.writers(of: op.output.slot).count == 1,
      let readers = onlyReaders(of: attention, graph), readers.count == 1, let reader = readers.first
    else { return nil }
    let encode = graph.ops[reader]
    guard encode.kind == .encode, encode.encodedElement == .bf16, encode.condition == .always,
      encode.index.isNone, encode.a == op.output
    else { return nil }
    return reader
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
    onlyReaders(of: producer, graph) == [encode]
  }

  /// The ops that read what `producer` wrote; nil when it outlives the run.
  private static func onlyReaders(of producer: Int, _ graph: PlanGraph) -> [Int]? {
    let slot = graph.ops[producer].output.slot
    guard !graph.slots[Int(slot)].outlivesRun else { return nil }
    let end = graph.writers(of: slot).first { $0 > producer } ?? graph.ops.count
    // An op that updates the slot reads it too.
    return graph.readers(of: slot).filter { $0 > producer && $0 <= end }
  }
}
