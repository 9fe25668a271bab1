import TaperBase
package import TaperPlanFormat

/// A one-layer plan put together by hand, with every guard and an index: embeddings, an elimination layer that carries
/// both its reducing ops and plain attention, a wide panelled product, mean pooling and a softmax head.
///
/// Queries, keys and values are the embeddings themselves. No slot shares memory, so all can be read after a run.
package struct ToyPlan {
  package static let hidden = 32
  package static let heads = 2
  package static let wide = 272
  package static let labels = 3
  package static let vocabulary = 40
  package static let epsilon: Float = 1e-6

  package var plan: Plan
  package var weightBytes: [UInt8]
  /// The tensors by name, row-major.
  package var tensors: [String: [Float]] = [:]

  /// - Parameter keep: tokens that leave the layer, for each input length.
  package init(
    maximumLength: Int = 40, threads: Int = 4, kernel: KernelID = .gemmF32OpenBLAS, keep: (Int) -> Int
  ) {
    var builder = Builder(threads: threads)
    let d = Self.hidden
    let word = builder.tensor("word", [Self.vocabulary, d], seed: 1)
    let position = builder.tensor("position", [maximumLength, d], seed: 2)
    let type = builder.tensor("type", [2, d], seed: 3)
    let gamma = builder.tensor("gamma", [d], seed: 4)
    let beta = builder.tensor("beta", [d], seed: 5)
    let bias = builder.tensor("bias", [d], seed: 6)
    let wideWeight = builder.tensor("wideWeight", [Self.wide, d], seed: 7)
    let wideBias = builder.tensor("wideBias", [Self.wide], seed: 8)
    let headWeight = builder.tensor("headWeight", [Self.labels, Self.wide], seed: 9)

    let kept = RowCount.tokens(after: 1)
    let reach = (maximumLength + 15) / 16 * 16
    let states = builder.slot("states", rows: .input, columns: d)
    let probabilities = builder.slot(
      "probabilities", copies: Self.heads, rows: .input, innerRows: .input, columns: 1)
    let scores = builder.slot("scores", copies: Self.heads, rows: .input, columns: 1)
    let chosen = builder.slot("kept", .u32, rows: kept, columns: 1)
    let positions = builder.slot("positions", .u32, rows: .input, columns: 1)
    let context = builder.slot("context", rows: kept, columns: d)
    let normed = builder.slot("normed", rows: kept, columns: d)
    let wide = builder.slot("wide", rows: kept, columns: Self.wide)
    let pooled = builder.slot("pooled", rows: .one, columns: Self.wide)
    let logits = builder.slot("logits", rows: .one, columns: Self.labels)
    let result = builder.slot("result", rows: .one, columns: Self.labels)
    let scratch = builder.slot("scratch", copies: threads, rows: .one, columns: 64 * reach)

    func view(_ slot: Int, _ leading: Int = 0) -> Operand {
      Operand(slot: UInt16(slot), leading: UInt32(leading))
    }
    func attend(_ op: inout PlanOp) {
      op.heads = UInt16(Self.heads)
      op.depth = UInt32(d / Self.heads)
      op.scale = 0.25
      op.scratch = view(scratch)
      op.scratchStride = UInt32(64 * reach)
    }
    builder.add(.embed, layer: 0, rows: .input, columns: d, .embedF32) {
      $0.output = view(states, d)
      ($0.table0, $0.table1, $0.table2, $0.gamma, $0.beta) = (word, position, type, gamma, beta)
      $0.epsilon = Self.epsilon
    }
    builder.add(.iota, layer: 0, rows: .input, columns: 1, .iotaU32) { $0.output = view(positions) }
    builder.add(.attentionScores, layer: 1, rows: .input, innerRows: .input, .attentionScoresF32) {
      attend(&$0)
      $0.condition = .ifReduced
      ($0.a, $0.b) = (view(states, d), view(states, d))
      ($0.output, $0.output2) = (view(probabilities), view(scores))
    }
    builder.add(.select, layer: 1, rows: kept, innerRows: .input, .selectF32) {
      attend(&$0)
      $0.condition = .ifReduced
      ($0.a, $0.output) = (view(scores), view(chosen))
    }
    builder.add(.attentionContext, layer: 1, rows: kept, innerRows: .input, .attentionContextF32) {
      attend(&$0)
      $0.condition = .ifReduced
      ($0.b, $0.c, $0.index) = (view(probabilities), view(states, d), view(chosen))
      $0.output = view(context, d)
    }
    builder.add(.compose, layer: 1, rows: kept, .composeU32) {
      $0.condition = .ifReduced
      ($0.output, $0.index) = (view(positions), view(chosen))
    }
    builder.add(.attention, layer: 1, rows: kept, innerRows: .input, .attentionF32) {
      attend(&$0)
      $0.condition = .ifNotReduced
      ($0.a, $0.b, $0.c) = (view(states, d), view(states, d), view(states, d))
      $0.output = view(context, d)
    }
    builder.add(.layerNorm, layer: 1, rows: kept, columns: d, .layerNormF32) {
      ($0.a, $0.b, $0.index) = (view(context, d), view(states, d), view(chosen))
      $0.output = view(normed, d)
      ($0.bias, $0.gamma, $0.beta) = (bias, gamma, beta)
      $0.epsilon = Self.epsilon
    }
    builder.add(.gemm, layer: 1, rows: kept, columns: Self.wide, depth: d, kernel) {
      ($0.a, $0.output) = (view(normed, d), view(wide, Self.wide))
      ($0.weight, $0.bias) = (wideWeight, wideBias)
      $0.activation = .relu
      $0.parts = UInt16(GemmPartition.parts(columns: Self.wide, depth: d))
    }
    builder.add(.mean, layer: 2, rows: .one, innerRows: kept, columns: Self.wide, .meanF32) {
      ($0.a, $0.output) = (view(wide, Self.wide), view(pooled, Self.wide))
    }
    builder.add(.gemm, layer: 2, rows: .one, columns: Self.labels, depth: Self.wide, kernel) {
      ($0.a, $0.output) = (view(pooled, Self.wide), view(logits, Self.labels))
      $0.weight = headWeight
    }
    builder.add(.softmax, layer: 2, rows: .one, columns: Self.labels, .softmaxF32) {
      ($0.a, $0.output) = (view(logits, Self.labels), view(result, Self.labels))
    }
    var counts: [UInt16] = []
    for n in 1...maximumLength { counts += [UInt16(n), UInt16(keep(n))] }
    let schedule = Schedule(
      maximumLength: maximumLength, layerCount: 1, keepCounts: counts, restoresDroppedTokens: false)
    plan = builder.finish(schedule: schedule, resultSlot: result)
    weightBytes = builder.weightBytes
    tensors = builder.tensors
  }
}

extension ToyPlan {
  /// Collects slots, tensors and ops and lays them out one after the other.
  struct Builder {
    let threads: Int
    var slots: [ArenaSlot] = []
    var ops: [PlanOp] = []
    var selections: [KernelSelection] = []
    var entries: [WeightEntry] = []
    var weightBytes: [UInt8] = []
    var tensors: [String: [Float]] = [:]

    init(threads: Int) { self.threads = threads }

    mutating func tensor(_ name: String, _ shape: [Int], seed: UInt64) -> WeightReference {
      let values = SeededGenerator.floats(shape.reduce(1, *), seed: seed)
      while weightBytes.count % 64 != 0 { weightBytes.append(0) }
      entries.append(
        WeightEntry(
          name: name, element: .f32, layout: .rowMajor, shape: shape.map(UInt32.init),
          offset: Bytes(UInt64(weightBytes.count)), byteCount: Bytes(UInt64(values.count * 4))))
      for value in values {
        for shift in [0, 8, 16, 24] as [UInt32] {
          weightBytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> shift))
        }
      }
      tensors[name] = values
      return WeightReference(rawValue: UInt16(entries.count - 1))
    }

    mutating func slot(
      _ name: String, _ element: ElementType = .f32, copies: Int = 1, rows: RowCount,
      innerRows: RowCount = .one, columns: Int
    ) -> Int {
      slots.append(
        ArenaSlot(
          name: name, element: element, copies: copies, rows: rows, innerRows: innerRows, columns: columns))
      return slots.count - 1
    }

    mutating func add(
      _ kind: OpKind, layer: Int, rows: RowCount, innerRows: RowCount = .one, columns: Int = 0,
      depth: Int = 0, _ kernel: KernelID, _ change: (inout PlanOp) -> Void
    ) {
      var op = PlanOp(
        kind, layer: layer, rows: rows, innerRows: innerRows, columns: columns, depth: depth)
      change(&op)
      selections.append(KernelSelection(op: ops.count, maximumRows: 0xFFFF, kernel: kernel))
      ops.append(op)
    }

    mutating func finish(schedule: Schedule, resultSlot: Int) -> Plan {
      var end: UInt64 = 0
      for number in slots.indices {
        let users = ops.indices.filter { index in
          let op = ops[index]
          return [op.a, op.b, op.c, op.output, op.output2, op.index, op.origin, op.scratch]
            .contains { Int($0.slot) == number }
        }
        slots[number].firstOp = UInt32(users.first ?? 0)
        slots[number].lastOp = .max
        let n = schedule.maximumLength
        let rows = (1...n).map {
          schedule.value(of: slots[number].rows, length: $0)
            * schedule.value(of: slots[number].innerRows, length: $0)
        }
        let size = UInt64(rows.max()! * Int(slots[number].copies) * Int(slots[number].columns) * 4)
        slots[number].offset = Bytes(end)
        slots[number].byteCount = Bytes(size)
        end = (end + size + 63) / 64 * 64
      }
      return Plan(
        identity: PlanIdentity(
          modelName: "toy", family: "bert", toolVersion: "0", request: "", method: "acc", precision: "f32",
          deviceName: "none", threads: threads, passes: [], modelDigest: .zero, tokenizerDigest: .zero,
          calibrationDigest: .zero, profileDigest: .zero),
        model: ModelShape(
          hidden: ToyPlan.hidden, layers: 1, heads: ToyPlan.heads, feedForward: ToyPlan.wide,
          vocabulary: ToyPlan.vocabulary, tokenTypes: 2),
        schedule: schedule, ops: ops, selections: selections,
        arena: ArenaLayout(slots: slots, byteCount: Bytes(end)), resultSlot: UInt16(resultSlot),
        predictions: Predictions(), tokenizer: [],
        head: Head(
          kind: .classification, pooling: .mean, normalized: false, labels: ["a", "b", "c"],
          outputWidth: ToyPlan.labels),
        canaries: [],
        weights: WeightsIndex(
          entries: entries, byteCount: Bytes(UInt64(weightBytes.count)), digest: .zero, isEmbedded: true))
    }
  }
}
