import Glibc
public import TaperPlanFormat

extension Explanation {
  /// Reads a plan's own schedule, ops and predictions; predicts nothing.
  /// - Precondition: the plan is valid and has predictions.
  public init(_ plan: Plan) {
    selectors = Explanation.selectors(plan)
    expected = plan.expectations?.overall
    calibrationTexts = Int(plan.expectations?.texts ?? 0)
    let references = plan.predictions.referenceLengths.map(Int.init)
    lengths = references.map { Explanation.length($0, plan) }
    let detail = references.last ?? plan.schedule.maximumLength
    detailLength = detail
    let row = plan.predictions.ops.suffix(plan.ops.count)
    let total = row.reduce(UInt64(0)) { $0 + $1.time.rawValue }
    let names = OpNames(plan)
    let ops = zip(plan.ops.indices, row).map { number, prediction in
      Explanation.op(number, prediction, total: total, detail: detail, plan, names)
    }
    sections = (0...plan.schedule.layerCount + 1).compactMap { layer in
      let members = ops.filter { Int(plan.ops[$0.number].layer) == layer }
      guard !members.isEmpty else { return nil }
      return Explanation.section(layer, members, total: total, detail: detail, references, plan)
    }
    arena = plan.arena
    weightBytes = plan.weights.byteCount
    tensorCount = plan.weights.entries.count
  }

  private static func length(_ tokens: Int, _ plan: Plan) -> Length {
    let prediction = plan.predictions.lengths[tokens - 1]
    let work = prediction.planned.work
    return Length(
      tokens: tokens,
      keepCounts: plan.schedule.retentionConfiguration(length: tokens).dropFirst().map(Int.init),
      planned: prediction.planned, denseTime: prediction.denseTime,
      timeSpeedup: prediction.timeSpeedup,
      workSpeedup: plan.schedule.layers.isEmpty || work == .zero
        ? nil : Double(prediction.denseWork.rawValue) / Double(work.rawValue),
      publishedSpeedup: prediction.publishedWorkSpeedup,
      expected: plan.expectations?.lengths[tokens - 1],
      expectedTokens: Array(plan.expectations?.keptTokens(length: tokens) ?? []))
  }

  /// Selectors are known by their weights' names, those that a product reads: the index of a weights file that plans
  /// share also names the other plans' tensors.
  private static func selectors(_ plan: Plan) -> [Selector] {
    let read = Set(
      plan.ops.filter(\.kind.isProduct).map { plan.weights.entries[Int($0.weight.rawValue)].name })
    return (0..<plan.schedule.layerCount).map { $0 + 1 }.compactMap { layer in
      guard read.contains("layer.\(layer).selector.w1.weight") else { return nil }
      let dynamic = plan.ops.first { $0.kind.isDynamic && Int($0.layer) == layer }
      return Selector(
        layer: layer, threshold: dynamic.map { 1 / (1 + exp(-Double($0.scale))) },
        cappedShare: plan.expectations?.cappedShares[layer - 1])
    }
  }

  private static func op(
    _ number: Int, _ prediction: Prediction, total: UInt64, detail: Int, _ plan: Plan, _ names: OpNames
  ) -> Op {
    let op = plan.ops[number]
    let rows = plan.schedule.value(of: op.rows, length: detail)
    let kernel = plan.selections.first { Int($0.op) == number && Int($0.maximumRows) >= rows }?.kernel
    return Op(
      number: number, kind: op.kind, title: names.title(op), kernel: kernel?.name ?? "?",
      shape: names.shape(op, length: detail), condition: op.condition,
      runs: op.runs(in: plan.schedule, length: detail), prediction: prediction,
      share: total == 0 ? 0 : Double(prediction.time.rawValue) / Double(total))
  }

  private static func section(
    _ layer: Int, _ ops: [Op], total: UInt64, detail: Int, _ references: [Int], _ plan: Plan
  ) -> Section {
    let count = plan.schedule.layerCount
    func tokens(_ layer: Int, _ length: Int) -> Int {
      plan.schedule.tokens(after: min(max(layer, 0), count), length: length)
    }
    let time = ops.reduce(UInt64(0)) { $0 + $1.prediction.time.rawValue }
    let bounds = Bound.allCases.map { bound in
      ops.reduce(UInt64(0)) { $0 + ($1.prediction.bound == bound ? $1.prediction.time.rawValue : 0) }
    }
    let bound = Bound.allCases.indices.max { bounds[$0] < bounds[$1] } ?? 0
    return Section(
      layer: layer, title: layer == 0 ? "embeddings" : layer > count ? "pooling and head" : "layer \(layer)",
      tokensIn: tokens(layer - 1, detail), tokensOut: tokens(layer, detail),
      keepCounts: references.map { tokens(layer, $0) }, time: Nanoseconds(time),
      share: total == 0 ? 0 : Double(time) / Double(total), bound: Bound.allCases[bound],
      boundShare: time == 0 ? 0 : Double(bounds[bound]) / Double(time), ops: ops)
  }
}
