import TaperBase
import TaperPlanFormat
import TaperPlanRuntime

/// The smallest classifier that runs: embeddings of 16 columns, mean pooling, a linear layer whose logit of label i is
/// column i of the mean, softmax. Word w embeds to the unit vector of column w mod 16 (layer norm keeps its order), so
/// the answer is the label whose words are most frequent.
struct TinyPlan {
  static let hidden = 16
  static let vocabulary = 32
  static let labels = ["even", "odd", "third"]
  static let maximumLength = 24

  var plan: Plan
  let weightBytes: [UInt8]

  func load() throws(RuntimeError) -> LoadedPlan { try LoadedPlan(plan: plan, weightBytes: weightBytes) }

  init(predicted: Nanoseconds = Nanoseconds(1_000)) {
    let (d, labels, n) = (Self.hidden, Self.labels.count, Self.maximumLength)
    var weights = Weights()
    let word = weights.add("word", [Self.vocabulary, d]) { $0 % d == ($0 / d) % d ? 1 : 0 }
    let position = weights.add("position", [n, d]) { _ in 0 }
    let gamma = weights.add("gamma", [d]) { _ in 1 }
    let beta = weights.add("beta", [d]) { _ in 0 }
    let head = weights.add("head", [labels, d]) { $0 % d == $0 / d ? 4 : 0 }

    let shapes: [(name: String, rows: RowCount, columns: Int)] = [
      ("states", .input, d), ("pooled", .one, d), ("logits", .one, labels), ("result", .one, labels),
    ]
    var slots: [ArenaSlot] = []
    var end: UInt64 = 0
    for (place, shape) in shapes.enumerated() {
      let size = UInt64((shape.rows == .input ? n : 1) * shape.columns * 4)
      slots.append(
        ArenaSlot(
          name: shape.name, element: .f32, rows: shape.rows, columns: shape.columns, offset: Bytes(end),
          byteCount: Bytes(size), firstOp: UInt32(place), lastOp: place == 3 ? .max : UInt32(place + 1)))
      end = (end + size + 63) / 64 * 64
    }
    func view(_ slot: UInt16) -> Operand { Operand(slot: slot, leading: slots[Int(slot)].columns) }

    var embed = PlanOp(.embed, layer: 0, rows: .input, columns: d)
    (embed.table0, embed.table1, embed.gamma, embed.beta) = (word, position, gamma, beta)
    embed.output = view(0)
    embed.epsilon = 1e-6
    var mean = PlanOp(.mean, layer: 2, rows: .one, innerRows: .input, columns: d)
    (mean.a, mean.output) = (view(0), view(1))
    var gemm = PlanOp(.gemm, layer: 2, rows: .one, columns: labels, depth: d)
    (gemm.a, gemm.output, gemm.weight) = (view(1), view(2), head)
    var softmax = PlanOp(.softmax, layer: 2, rows: .one, columns: labels)
    (softmax.a, softmax.output) = (view(2), view(3))
    let kernels: [KernelID] = [.embedF32, .meanF32, .gemmF32Scalar, .softmaxF32]

    let prediction = Prediction(
      time: predicted, low: Nanoseconds(predicted.rawValue / 2), high: predicted + predicted,
      work: Flops(100),
      traffic: Bytes(1_000), bound: .overhead, provenance: .modelled)
    let length = LengthPrediction(
      planned: prediction, denseTime: predicted + predicted, denseWork: Flops(200), publishedWork: Flops(100),
      publishedDenseWork: Flops(200))
    weightBytes = weights.bytes
    plan = Plan(
      identity: PlanIdentity(
        modelName: "tiny", family: "bert", toolVersion: "0", request: "--dense", method: "dense",
        precision: "f32",
        deviceName: "none", threads: 2, passes: [], modelDigest: .zero, tokenizerDigest: .zero,
        calibrationDigest: .zero, profileDigest: .zero),
      model: ModelShape(
        hidden: d, layers: 1, heads: 1, feedForward: d, vocabulary: Self.vocabulary, tokenTypes: 0),
      schedule: .dense(maximumLength: n, layerCount: 1), ops: [embed, mean, gemm, softmax],
      selections: kernels.enumerated().map { KernelSelection(op: $0, maximumRows: 0xFFFF, kernel: $1) },
      arena: ArenaLayout(slots: slots, byteCount: Bytes(end)), resultSlot: 3,
      predictions: Predictions(
        lengths: [LengthPrediction](repeating: length, count: n), referenceLengths: [8, 24],
        ops: [Prediction](repeating: prediction, count: 8)),
      tokenizer: [],
      head: Head(
        kind: .classification, pooling: .mean, normalized: false, labels: Self.labels, outputWidth: labels),
      canaries: [],
      weights: WeightsIndex(
        entries: weights.entries, byteCount: Bytes(UInt64(weights.bytes.count)), digest: .zero,
        isEmbedded: true))
  }

  private struct Weights {
    var entries: [WeightEntry] = []
    var bytes: [UInt8] = []

    mutating func add(_ name: String, _ shape: [Int], _ value: (Int) -> Float) -> WeightReference {
      while bytes.count % 64 != 0 { bytes.append(0) }
      let count = shape.reduce(1, *)
      entries.append(
        WeightEntry(
          name: name, element: .f32, layout: .rowMajor, shape: shape.map(UInt32.init),
          offset: Bytes(UInt64(bytes.count)), byteCount: Bytes(UInt64(count * 4))))
      for index in 0..<count {
        let bits = value(index).bitPattern
        for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: bits >> shift)) }
      }
      return WeightReference(rawValue: UInt16(entries.count - 1))
    }
  }
}
