internal import TaperCalibration
internal import TaperModelSpec
internal import TaperPlanFormat
internal import TaperPlanRuntime
public import TaperPlanner

extension PlanCompiler {
  /// Calibration texts that judge an assignment: enough to tell half a point apart, few enough to try every product.
  private static let judgingTexts = 200

  /// The precision of every product for `--precision auto`: as fast as predicted, at most `maximumDrop` of the agreement
  /// with the same dense plan in f32 lost on calibration texts.
  ///
  /// Judged on the dense plan whatever the target: which tokens are dropped follows from the precision, not the reverse.
  /// - Throws: `gateNeedsEvidence` without a calibration, the planner's and the runtime's errors.
  public func choosePrecision(
    _ request: PlanningRequest, maximumDrop: Double, progress: Progress
  ) throws -> PrecisionAssignment {
    guard let calibration else { throw WorkflowError.precisionNeedsCalibration }
    var dense = request
    dense.target = .dense
    dense.method = .acc
    let samples = judgingSamples(calibration, maximumLength: request.maximumLength)
    func planned(_ precision: PrecisionAssignment) throws(PlanningError) -> PlannedModel {
      dense.precision = precision
      return try Planner.plan(dense, model: model, calibration: calibration, cost: cost)
    }
    func results(_ precision: PrecisionAssignment) throws -> [[Float]] {
      try PlanExecution(LoadedPlan(planned(precision))).results(of: samples)
    }
    var times: [String: [Precision: UInt64]] = [:]
    var names: [String] = []
    for precision in Precision.allCases {
      let plan: Plan
      do throws(PlanningError) {
        plan = try planned(PrecisionAssignment(precision)).plan
      } catch {
        // What the profile did not measure is not to be had.
        guard case .precisionNotMeasured = error else { throw error }
        continue
      }
      let found = plan.productTimes
      if precision == .f32 { names = found.map(\.name) }
      for (name, time) in found { times[name, default: [:]][precision] = time }
    }
    let reference = try results(PrecisionAssignment())
    let search = PrecisionSearch(
      products: names.map { PrecisionSearch.Product(name: $0, times: times[$0] ?? [:]) }, allowed: maximumDrop
    ) { assignment in
      Self.damage(try results(assignment), reference, model.head)
    }
    return try search.run { done, total in
      progress("precision of products, \(done) of \(total)", Double(done) / Double(max(1, total)))
    }
  }

  private func judgingSamples(_ calibration: Calibration, maximumLength: Int) -> [TokenizedSample] {
    let fitting = calibration.samples.filter { $0.ids.count <= maximumLength }
    return SeededSubset.indices(count: fitting.count, limit: Self.judgingTexts, seed: 1).map {
      TokenizedSample(ids: fitting[$0].ids, typeIDs: fitting[$0].typeIDs)
    }
  }

  private static func damage(
    _ results: [[Float]], _ reference: [[Float]], _ head: HeadSpec
  ) -> PrecisionSearch.Damage {
    var (kept, error) = (0.0, 0.0)
    for (result, expected) in zip(results, reference) {
      kept += agreement(result, expected, kind: head.kind, width: UInt32(head.outputWidth))
      let norm = expected.reduce(0) { $0 + Double($1) * Double($1) }
      let difference = zip(result, expected).reduce(0.0) { sum, pair in
        let difference = Double(pair.0) - Double(pair.1)
        return sum + difference * difference
      }
      error += norm > 0 ? difference / norm : difference
    }
    let count = Double(max(1, results.count))
    return PrecisionSearch.Damage(lost: max(0, 1 - kept / count), error: error / count)
  }
}

extension Plan {
  /// The encoder's products by their weights' names, in order, with predicted times summed over the reference lengths; an
  /// encoding counts for the first product that reads it.
  fileprivate var productTimes: [(name: String, time: UInt64)] {
    let layers = Int(model.layers)
    var encoding: UInt64 = 0
    var times: [(name: String, time: UInt64)] = []
    for (number, op) in ops.enumerated() where (1...layers).contains(Int(op.layer)) {
      let time = predictions.referenceLengths.indices.reduce(UInt64(0)) {
        $0 + predictions.ops[$1 * ops.count + number].time.rawValue
      }
      if op.kind == .encode { encoding += time }
      guard op.kind == .gemm else { continue }
      times.append((weights.entries[Int(op.weight.rawValue)].name, time + encoding))
      encoding = 0
    }
    return times
  }
}
