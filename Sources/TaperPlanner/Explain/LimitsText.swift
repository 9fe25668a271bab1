import TaperPlanFormat

/// `Limits` for people.
public enum LimitsText {
  public static func render(_ limits: Limits) -> String {
    var lines = [
      "at \(limits.length) tokens".leftAligned(19) + "bound".leftAligned(18) + "time".rightAligned(9)
        + "  what would pay next, largest first"
    ]
    for layer in limits.layers {
      let bound = "\(layer.bound.name) \(NumberText.percent(layer.boundShare, 0))"
      let savings = layer.savings.map(words).joined(separator: ", ")
      lines.append(
        "layer \(layer.layer)".leftAligned(19) + bound.leftAligned(18)
          + ("~" + NumberText.time(layer.time)).rightAligned(9) + "  "
          + (savings.isEmpty ? "nothing" : savings))
    }
    lines.append("every layer".leftAligned(48) + limits.whole.map(words).joined(separator: ", "))
    if !limits.isOwnProfile { lines.append("  by another profile than the plan was made with") }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func words(_ saving: Limits.Saving) -> String {
    "\(saving.change) −\(NumberText.time(saving.time))"
  }
}
