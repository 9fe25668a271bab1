package import TaperPlanFormat

/// The plan's predictions: end to end for every input length, next to the dense plan's, and op by op at reference
/// lengths.
package enum PredictionTable {
  /// Lengths with op-by-op predictions: those up to the plan's maximum, and the maximum itself.
  package static let referenceLengths = [16, 32, 64, 128, 256, 512]

  package static func make(
    ops: [PricedOp], schedule: Schedule, dense reference: DenseReference, pricer: OpPricer,
    dropping: DropPoint = .afterAttention
  ) -> Predictions {
    let dense = Schedule.dense(maximumLength: schedule.maximumLength, layerCount: reference.layers)
    let analysis = SpeedupAnalysis(reference.shape, dropping: dropping)
    var table = Predictions()
    for length in 1...schedule.maximumLength {
      let planned = pricer.endToEnd(predictions(ops, schedule, length, pricer).compactMap(\.self))
      let whole = reference.pricer.endToEnd(
        predictions(reference.ops, dense, length, reference.pricer).compactMap(\.self))
      table.lengths.append(
        LengthPrediction(
          planned: planned, denseTime: whole.time, denseWork: whole.work,
          publishedWork: analysis.publishedWork(
            schedule.retentionConfiguration(length: length).map(Int.init)),
          publishedDenseWork: analysis.publishedWork(
            dense.retentionConfiguration(length: length).map(Int.init))))
    }
    let references = Set(referenceLengths.filter { $0 <= schedule.maximumLength } + [schedule.maximumLength])
    for length in references.sorted() {
      table.referenceLengths.append(UInt16(length))
      table.ops += predictions(ops, schedule, length, pricer).map { $0 ?? nothing }
    }
    return table
  }

  /// The time of a run of n tokens that ends after layer k: the ops up to its halting point. n from 1, rows of L
  /// entries.
  package static func depthTimes(ops: [PricedOp], schedule: Schedule, pricer: OpPricer) -> [Nanoseconds] {
    (1...schedule.maximumLength).flatMap { length in
      let all = predictions(ops, schedule, length, pricer)
      return ops.runEnds.map { pricer.endToEnd(all[...$0].compactMap(\.self)).time }
    }
  }

  private static let nothing = Prediction(
    time: .zero, low: .zero, high: .zero, work: .zero, traffic: .zero, bound: .overhead, provenance: .measured
  )

  /// By op; nil for those that do not run at that length.
  private static func predictions(
    _ ops: [PricedOp], _ schedule: Schedule, _ length: Int, _ pricer: OpPricer
  ) -> [Prediction?] {
    ops.map { op in
      guard op.op.runs(in: schedule, length: length) else { return nil }
      return pricer.price(
        op, rows: schedule.value(of: op.rows, length: length),
        innerRows: schedule.value(of: op.innerRows, length: length))
    }
  }
}
