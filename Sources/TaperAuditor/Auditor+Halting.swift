import TaperPlanFormat
import TaperPlanRuntime

extension Auditor {
  /// Runs every sample with halting on, timed; then through all layers, to compare the labels.
  static func halting(
    _ session: inout Session, _ samples: [AuditSample], _ advance: (Int) -> Void
  ) throws(AuditError) -> HaltingAudit {
    let plan = session.loaded.plan
    let dynamic = DynamicPredictions(plan)
    session.halts = true
    var histogram = [UInt32](repeating: 0, count: plan.schedule.layerCount)
    var times: [Nanoseconds] = []
    var predicted: [Nanoseconds] = []
    var labels: [Int] = []
    // A warm-up run.
    _ = try run(&session, (samples[0].ids, samples[0].typeIDs))
    for sample in samples {
      times.append(try run(&session, (sample.ids, sample.typeIDs)))
      histogram[session.depth - 1] += 1
      let depth = session.depth
      let time =
        dynamic?.time(session.keptTokens, depth: depth)
        ?? plan.predictedTime(length: sample.ids.count, depth: depth)
      if let time { predicted.append(time) }
      labels.append(session.result.leader)
      advance(1)
    }
    // A separate pass, so that timed runs find the caches as runs that end early leave them.
    session.halts = false
    var changed = 0
    for (sample, label) in zip(samples, labels) {
      _ = try run(&session, (sample.ids, sample.typeIDs))
      if session.result.leader != label { changed += 1 }
      advance(1)
    }
    return HaltingAudit(
      measured: HaltingDepths(histogram: histogram, time: ExpectedTime(times)),
      predicted: predicted.isEmpty ? nil : ExpectedTime(predicted), expected: plan.halting?.measured,
      changedLabels: changed)
  }
}
