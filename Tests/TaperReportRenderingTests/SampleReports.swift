import TaperAuditor
import TaperBase
import TaperPlanFormat

/// Reports made up by hand, with the shapes that renderers must cope with.
enum SampleReports {
  /// Six layers, reduced above 64 tokens, five lengths; every measured time is `error` above its prediction
  /// at first and grows to `worst` at the longest.
  static func reduced(worst: Double = 0.041, spread: UInt64 = 60, texts: Bool = true) -> AuditReport {
    let tokens = [16, 64, 128, 192, 256]
    let lengths = tokens.enumerated().map { place, tokens in
      let predicted = 1_100_000 + 36_000 * UInt64(tokens) + 24 * UInt64(tokens * tokens)
      let measured = Double(predicted) * (1 + worst * Double(place - 1) / 3)
      return LengthAudit(
        tokens: tokens, prediction: prediction(predicted),
        predictedDense: Nanoseconds(predicted + UInt64(max(0, tokens - 64)) * 55_000),
        measured: TimePercentiles(times(UInt64(measured))), keepCounts: keepCounts(tokens))
    }
    let (ops, layers) = operations(tokens: 128)
    return AuditReport(
      tolerance: 0.05, plan: summary, threads: 1, lengths: lengths, referenceLength: 128, ops: ops,
      layers: layers,
      accuracy: accuracy(texts: texts),
      noise: ReferenceNoise(
        probes: (0..<50).map { probe(500_000 + ($0 % 10) * 500 * spread / 9) }, bound: 0.15),
      roof: MachineRoof(compute: 2.6e11, bandwidth: 2.4e10),
      environment: [
        EnvironmentFact("CPU", "Example 8480C at 2.0 GHz"), EnvironmentFact("OpenBLAS", "SapphireRapids"),
        EnvironmentFact("kernel tier", "avx512"), EnvironmentFact("OPENBLAS_CORETYPE", "not set"),
      ])
  }

  /// One length, no ops, no answers compared, and text that would be markup.
  static func bare() -> AuditReport {
    let identity = PlanIdentity(
      modelName: "<b>&\"bare\"</script>", family: "bert", toolVersion: "0.1.0", request: "", method: "dense",
      precision: "f32", deviceName: "a & b", threads: 2, passes: [], modelDigest: .zero,
      tokenizerDigest: .zero,
      calibrationDigest: .zero, profileDigest: .zero)
    let length = LengthAudit(
      tokens: 8, prediction: prediction(0), predictedDense: .zero,
      measured: TimePercentiles([Nanoseconds(840)]), keepCounts: [8, 8])
    return AuditReport(
      tolerance: 0.025,
      plan: PlanSummary(
        identity: identity, head: .embedding, layers: 1, maximumLength: 8,
        arena: ArenaLayout(byteCount: Bytes(640)), ops: 0, weights: Bytes(0)),
      threads: 2, lengths: [length], referenceLength: nil, ops: [], layers: [], accuracy: nil,
      noise: ReferenceNoise(probes: [probe(250)], bound: 0.15),
      environment: [EnvironmentFact("a\u{1}<", "'b'")])
  }

  private static func probe(_ time: UInt64) -> ReferenceTimes {
    ReferenceTimes(compute: Nanoseconds(time), bandwidth: Nanoseconds(time))
  }

  private static let summary = PlanSummary(
    identity: PlanIdentity(
      modelName: "all-MiniLM-L6-v2", family: "bert", toolVersion: "0.1.0",
      request: "--latency 12ms --max-length 256 --refit-head", method: "acc", precision: "f32",
      deviceName: "reference", threads: 1, passes: ["fusion"], modelDigest: .zero, tokenizerDigest: .zero,
      calibrationDigest: .zero, profileDigest: .zero),
    head: .classification, layers: 6, maximumLength: 256,
    arena: ArenaLayout(
      slots: [
        slot("hidden.0", 0, 393_216, 0, 7), slot("qkv", 393_216, 786_432, 1, 3),
        slot("context", 393_216, 393_216, 5, 9),
        slot("<ffn>", 786_432, 524_288, 6, 53), slot("result", 0, 64, 52, .max),
      ], byteCount: Bytes(1_310_720)), ops: 54, weights: Bytes(90_261_504),
    evidence: AccuracyEvidence(
      metric: .accuracy, source: .heldOut, texts: 1_097, planned: 0.9635, dense: 0.9672,
      interval: .init(low: 0.9507, high: 0.9731)))

  private static func slot(_ name: String, _ offset: UInt64, _ size: UInt64, _ first: UInt32, _ last: UInt32)
    -> ArenaSlot
  {
    ArenaSlot(
      name: name, element: .f32, rows: .input, columns: 384, offset: Bytes(offset), byteCount: Bytes(size),
      firstOp: first, lastOp: last)
  }

  /// Work and traffic as a product's or attention's; none is counted for the others.
  private static func cost(_ op: PlanOp, rows: Int, inner: Int, _ time: UInt64) -> Prediction {
    var prediction = prediction(time)
    let (columns, depth) = (Int(op.columns), Int(op.depth))
    let work =
      switch op.kind {
      case .gemm: 2 * rows * columns * depth
      case .attention: 4 * rows * inner * 384
      case .attentionScores, .attentionContext: 2 * rows * inner * 384
      default: 0
      }
    prediction.work = Flops(UInt64(work))
    prediction.traffic = Bytes(UInt64(4 * (columns * depth + rows * max(columns, 384) + inner * 384)))
    prediction.bound = work > 0 ? .compute : .bandwidth
    return prediction
  }

  private static func prediction(_ time: UInt64) -> Prediction {
    Prediction(
      time: Nanoseconds(time), low: Nanoseconds(time - time / 25), high: Nanoseconds(time + time / 25),
      work: Flops(1), traffic: Bytes(1), bound: .compute, provenance: .interpolated)
  }

  /// 100 times round `median`, with a tail.
  private static func times(_ median: UInt64) -> [Nanoseconds] {
    (1...100).map { rank in
      let rank = UInt64(rank)
      return Nanoseconds(
        rank <= 50 ? median - (50 - rank) * median / 2_000 : median + (rank - 50) * median / 400)
    }
  }

  private static func keepCounts(_ tokens: Int) -> [Int] {
    guard tokens > 64 else { return [Int](repeating: tokens, count: 7) }
    var counts = [tokens]
    for _ in 1...6 { counts.append(max(16, (counts[counts.count - 1] * 7 / 10 + 15) / 16 * 16)) }
    return counts
  }

  private static func operations(tokens: Int) -> (ops: [OpAudit], layers: [LayerAudit]) {
    let counts = keepCounts(tokens)
    var ops: [OpAudit] = []
    func add(
      _ kind: OpKind, _ kernel: KernelID, layer: Int, rows: Int, inner: Int = 1, columns: Int = 384,
      depth: Int = 0,
      activation: Activation = .none, nanoseconds: Double
    ) {
      var op = PlanOp(kind, layer: layer, rows: .input, columns: columns, depth: depth)
      op.activation = activation
      let error = [1.02, 0.97, 1.05, 1.0, 1.11][ops.count % 5]
      ops.append(
        OpAudit(
          index: ops.count, op: op, kernel: kernel, rows: rows, innerRows: inner,
          prediction: cost(op, rows: rows, inner: inner, UInt64(nanoseconds)),
          measured: Nanoseconds(UInt64(nanoseconds * error))))
    }
    add(.embed, .embedF32, layer: 0, rows: tokens, nanoseconds: 41_000)
    for layer in 1...6 {
      let before = counts[layer - 1]
      let after = counts[layer]
      let gemm = { (rows: Int, columns: Int, depth: Int) in 9_000 + Double(rows * columns * depth) / 125 }
      add(
        .gemm, .gemmF32OpenBLAS, layer: layer, rows: before, columns: 1_152, depth: 384,
        nanoseconds: gemm(before, 1_152, 384))
      if after < before {
        add(
          .attentionScores, .attentionScoresF32, layer: layer, rows: before, inner: before, columns: 0,
          nanoseconds: Double(before * before * 384) / 100)
        add(
          .select, .selectF32, layer: layer, rows: after, inner: before, columns: 0, nanoseconds: 2_000)
        add(
          .attentionContext, .attentionContextF32, layer: layer, rows: after, inner: before, columns: 0,
          nanoseconds: Double(before * after * 384) / 100)
      } else {
        add(
          .attention, .attentionF32, layer: layer, rows: before, inner: before, columns: 0,
          nanoseconds: Double(before * before * 384) / 50)
      }
      add(
        .gemm, .gemmF32OpenBLAS, layer: layer, rows: after, columns: 384, depth: 384,
        nanoseconds: gemm(after, 384, 384))
      add(.layerNorm, .layerNormF32, layer: layer, rows: after, nanoseconds: Double(after) * 180)
      add(
        .gemm, .gemmF32OpenBLAS, layer: layer, rows: after, columns: 1_536, depth: 384, activation: .gelu,
        nanoseconds: gemm(after, 1_536, 384))
      add(
        .gemm, .gemmF32OpenBLAS, layer: layer, rows: after, columns: 384, depth: 1_536,
        nanoseconds: gemm(after, 384, 1_536))
      add(.layerNorm, .layerNormF32, layer: layer, rows: after, nanoseconds: Double(after) * 180)
    }
    add(.mean, .meanF32, layer: 7, rows: 1, inner: tokens, nanoseconds: 12_000)
    add(.gemm, .gemmF32OpenBLAS, layer: 7, rows: 1, columns: 8, depth: 384, nanoseconds: 3_000)
    add(.softmax, .softmaxF32, layer: 7, rows: 1, columns: 8, nanoseconds: 400)
    let layers = (0...7).map { layer in
      let members = ops.filter { $0.layer == layer }
      return LayerAudit(
        layer: layer, tokens: layer > 6 ? 1 : counts[layer],
        predicted: members.reduce(.zero) { $0 + $1.predicted },
        measured: members.reduce(.zero) { $0 + $1.measured })
    }
    return (ops, layers)
  }

  private static func accuracy(texts: Bool) -> AccuracyAudit {
    AccuracyAudit(
      metric: .accuracy, dense: 0.9658, planned: 0.9612, interval: .proportion(2_104, of: 2_189),
      agreement: 0.9840, count: 2_189,
      flips: [
        FlippedAnswer(
          index: 17, tokens: 256, dense: "acq", planned: "earn", score: 0.61, expected: "acq",
          text: texts
            ? "shareholder group cuts stake in <dataproducts> an investor group led by new york investor said"
            : nil),
        FlippedAnswer(
          index: 204, tokens: 131, dense: "money-fx", planned: "interest", score: 0.53, expected: "interest",
          text: nil),
        FlippedAnswer(
          index: 951, tokens: 88, dense: "crude", planned: "ship", score: 0.47, expected: nil,
          text: texts ? "gulf tanker traffic" : nil),
      ], flipCount: 35)
  }
}
