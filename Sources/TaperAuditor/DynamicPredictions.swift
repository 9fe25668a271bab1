import TaperPlanFormat

/// A plan's own op predictions at the token counts that a run had. For a plan with dynamic selection the stored
/// predictions are for the keep counts, which are upper limits that few texts reach.
///
/// The plan has each op's time, work and traffic at several reference lengths, so at several counts. Between those they
/// are interpolated; below the smallest count its values are used. Nothing is predicted anew.
struct DynamicPredictions {
  private let plan: Plan
  /// By op: the count that its time follows, and what is known, by that count, ascending.
  private let lines: [(count: RowCount, points: [(count: Int, prediction: Prediction)])]
  private let overhead: Nanoseconds
  /// By depth: ops of a run that ends there.
  private let ends: [Int]

  /// Nil for a plan in which every text of a length does the same, or without op predictions.
  init?(_ plan: Plan) {
    let references = plan.predictions.referenceLengths.map(Int.init)
    guard plan.ops.contains(where: { $0.kind.isDynamic }), let longest = references.last,
      plan.predictions.ops.count == references.count * plan.ops.count
    else { return nil }
    self.plan = plan
    let count = plan.ops.count
    lines = plan.ops.indices.map { index in
      let op = plan.ops[index]
      // Where an op has both counts, its keys or input rows say most; selectors leave both alike.
      let symbol = op.innerRows.layer == nil ? op.rows : op.innerRows
      var known: [Int: Prediction] = [:]
      for (row, length) in references.enumerated() {
        let prediction = plan.predictions.ops[row * count + index]
        if prediction.time != .zero {
          known[plan.schedule.value(of: symbol, length: length)] = prediction
        }
      }
      return (symbol, known.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    }
    let sum = plan.predictions.ops.suffix(count).reduce(UInt64(0)) { $0 + $1.time.rawValue }
    let whole = plan.predictions.lengths[longest - 1].planned.time.rawValue
    overhead = Nanoseconds(whole > sum ? whole - sum : 0)
    ends = plan.ops.indices.filter { plan.ops[$0].kind.haltingRule != nil } + [count - 1]
  }

  /// The tokens that the op's time follows, in a run that kept T(0)…T(L).
  func count(of op: Int, _ counts: [Int]) -> Int { DynamicPredictions.value(of: lines[op].count, counts) }

  /// The op's prediction at a count of tokens; nil where the plan has it at no length.
  func prediction(of op: Int, count: Int) -> Prediction? {
    let points = lines[op].points
    guard let first = points.first, let last = points.last, count > first.count else {
      return points.first?.prediction
    }
    guard let upper = points.firstIndex(where: { $0.count >= count }) else { return last.prediction }
    let (below, above) = (points[upper - 1], points[upper])
    let share = Double(count - below.count) / Double(above.count - below.count)
    func between(_ a: UInt64, _ b: UInt64) -> UInt64 {
      UInt64(Double(a) + share * (Double(b) - Double(a)))
    }
    let (low, high) = (below.prediction, above.prediction)
    return Prediction(
      time: Nanoseconds(between(low.time.rawValue, high.time.rawValue)),
      low: Nanoseconds(between(low.low.rawValue, high.low.rawValue)),
      high: Nanoseconds(between(low.high.rawValue, high.high.rawValue)),
      work: Flops(between(low.work.rawValue, high.work.rawValue)),
      traffic: Bytes(between(low.traffic.rawValue, high.traffic.rawValue)),
      bound: share < 0.5 ? low.bound : high.bound,
      provenance: [low, high].contains { $0.provenance == .modelled } ? .modelled : .interpolated)
  }

  /// A run's time, up to the layer it ended after, and no more than the plan's worst case for that.
  func time(_ counts: [Int], depth: Int) -> Nanoseconds {
    let end = ends.count == plan.schedule.layerCount ? ends[depth - 1] : plan.ops.count - 1
    let sum = (0...end).reduce(overhead) {
      $0 + (prediction(of: $1, count: count(of: $1, counts))?.time ?? .zero)
    }
    return min(sum, plan.worstTime(length: counts[0], depth: depth))
  }

  static func value(of symbol: RowCount, _ counts: [Int]) -> Int { symbol.layer.map { counts[$0] } ?? 1 }
}
