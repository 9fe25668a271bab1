extension PlanText {
  static func renderPredictions(_ plan: Plan, _ text: inout String) {
    text += "\npredictions\n"
    let predictions = plan.predictions
    func row(_ tokens: Int) -> String {
      let length = predictions.lengths[tokens - 1]
      return
        "\(describe(length.planned)), dense \(length.denseTime.rawValue) ns \(length.denseWork.rawValue) flop,"
        + " published \(length.publishedWork.rawValue) of \(length.publishedDenseWork.rawValue) flop"
    }
    if !predictions.lengths.isEmpty {
      ranges(1...predictions.lengths.count, row) { first, last, row in
        line(first == last ? "\(first) tokens" : "\(first)…\(last) tokens", row, &text)
      }
    }
    guard predictions.ops.count == predictions.referenceLengths.count * plan.ops.count else { return }
    for (row, length) in predictions.referenceLengths.enumerated() {
      text += "  ops at \(length) tokens\n"
      for op in plan.ops.indices {
        text += "    \(op): \(describe(predictions.ops[row * plan.ops.count + op]))\n"
      }
    }
  }

  private static func describe(_ prediction: Prediction) -> String {
    "~\(prediction.time.rawValue) ns [\(prediction.low.rawValue)…\(prediction.high.rawValue)]"
      + " \(prediction.work.rawValue) flop \(prediction.traffic.rawValue) bytes"
      + " \(prediction.bound.name) \(prediction.provenance.name)"
  }
}
