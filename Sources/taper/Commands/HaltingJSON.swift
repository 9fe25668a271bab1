import TaperJSON
import TaperPlanFormat

/// A plan's halting points as JSON; specs/command-json.md describes it.
enum HaltingJSON {
  /// nil for a plan that does not halt.
  static func object(_ plan: Plan) -> JSONValue? {
    guard let halting = plan.halting else { return nil }
    let longest = plan.schedule.maximumLength
    return [
      "rule": plan.haltingRule.map { .string($0.rawValue) } ?? .null,
      "points": .array(plan.haltingPoints.map { JSONValue($0) }), "cap": JSONValue(plan.schedule.layerCount),
      "layers": JSONValue(Int(halting.layers)),
      "worst_ns": plan.predictions.lengths.last.map { .integer(Int64(clamping: $0.planned.time.rawValue)) }
        ?? .null,
      "depth_ns": .array(
        (1...max(1, plan.schedule.layerCount)).compactMap {
          plan.predictedTime(length: longest, depth: $0).map { .integer(Int64(clamping: $0.rawValue)) }
        }),
      "expected": halting.measured.map(depths) ?? .null,
    ]
  }

  private static func depths(_ depths: HaltingDepths) -> JSONValue {
    ExplainJSON.expected(
      depths.time,
      [
        ("texts", JSONValue(depths.texts)),
        ("histogram", .array(depths.histogram.map { JSONValue(Int($0)) })),
        ("mean_depth", .number(depths.meanDepth)), ("cap_share", .number(depths.capShare)),
      ])
  }
}
