import TaperJSON
import TaperPlanFormat
import TaperPlanner

/// The limits of `taper explain --device --json`; specs/command-json.md describes them.
enum LimitsJSON {
  static func object(_ limits: Limits) -> JSONValue {
    [
      "tokens": JSONValue(limits.length), "own_profile": .bool(limits.isOwnProfile),
      "layers": .array(
        limits.layers.map { layer in
          [
            "layer": JSONValue(layer.layer), "predicted_ns": time(layer.time),
            "bound": .string(layer.bound.name),
            "bound_share": .number(layer.boundShare), "savings": .array(layer.savings.map(saving)),
          ]
        }),
      "whole": .array(limits.whole.map(saving)),
    ]
  }

  private static func saving(_ saving: Limits.Saving) -> JSONValue {
    [
      "lever": .string(saving.lever.rawValue), "change": .string(saving.change),
      "saves_ns": time(saving.time),
    ]
  }

  private static func time(_ time: Nanoseconds) -> JSONValue { .integer(Int64(clamping: time.rawValue)) }
}
