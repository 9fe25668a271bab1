public import TaperCalibration
internal import TaperCostModel
public import TaperDeviceProfile
public import TaperModelSpec
internal import TaperPlanFormat
public import TaperPlanner

/// How many threads a plan is made for when nobody says (ours): of the counts that the profile measured, the one with
/// which the dense model is predicted to be fastest; the smaller of equals. More are not always faster: two threads of
/// one core share its tile unit, and waking a worker may take longer than what it saves in a small model.
public enum ThreadChoice {
  /// - Parameters:
  ///   - calibration: gives the lengths of texts; nil: all lengths up to `maximumLength` alike.
  ///   - precision: of the products that the counts are compared with.
  /// - Throws: the cost model's and the planner's errors.
  public static func fastest(
    of profile: DeviceProfile, model: ModelSpec, calibration: Calibration?, maximumLength: Int,
    precision: PrecisionAssignment
  ) throws -> Int {
    var best: (threads: Int, time: UInt64)?
    for threads in profile.threadCounts {
      let plan = try Planner.outline(
        PlanningRequest(.dense, maximumLength: maximumLength, threads: threads, precision: precision),
        model: model, calibration: nil, cost: CostModel(profile: profile, threads: threads))
      let time = total(plan.predictions.lengths.map(\.planned.time.rawValue), calibration)
      if best.map({ time < $0.time }) ?? true { best = (threads, time) }
    }
    return best?.threads ?? 1
  }

  /// Nanoseconds for the calibration's texts, or for one text of every length. `times[n − 1]` is for n tokens.
  private static func total(_ times: [UInt64], _ calibration: Calibration?) -> UInt64 {
    guard let calibration else { return times.reduce(0, &+) }
    return calibration.lengthHistogram.reduce(0) {
      $0 &+ UInt64($1.count) &* times[min($1.tokens, times.count) - 1]
    }
  }
}
