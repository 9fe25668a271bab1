import TaperPlanFormat

/// `Limits` for people: a row a layer, a column a lever, what saves most on the left. 80 columns with four levers.
public enum LimitsText {
  public static func render(_ limits: Limits) -> String {
    let levers = limits.whole.map { Column(lever: $0.lever, change: $0.change) }
    var lines = [
      "at \(limits.length) tokens".leftAligned(14) + "bound".leftAligned(15) + "time".rightAligned(9)
        + levers.map { $0.heading.rightAligned(width) }.joined()
    ]
    for layer in limits.layers {
      let bound = "\(layer.bound.name) \(NumberText.percent(layer.boundShare, 0))"
      lines.append(
        "layer \(layer.layer)".leftAligned(14) + bound.leftAligned(15)
          + ("~" + NumberText.time(layer.time)).rightAligned(9)
          + levers.map { column in cell(layer.savings.first { column.isOf($0) }) }.joined())
    }
    lines.append("all layers".leftAligned(38) + limits.whole.map(cell).joined())
    lines.append("  saved by one lever alone: the layer left out (of all, the costliest),")
    lines.append("  \(Limits.tokenStep) tokens fewer, products in a lower precision, other threads")
    if !limits.isOwnProfile { lines.append("  by another profile than the plan was made with") }
    return lines.joined(separator: "\n") + "\n"
  }

  private static let width = 10

  private struct Column {
    var lever: Limits.Lever
    var change: String

    /// Depth has one column: the whole's words differ from a layer's.
    func isOf(_ saving: Limits.Saving) -> Bool {
      saving.lever == lever && (lever == .depth || saving.change == change)
    }

    var heading: String {
      switch lever {
      case .tokens: "\(Limits.tokenStep) tokens"
      case .depth: "the layer"
      case .precision, .threads: change
      }
    }
  }

  private static func cell(_ saving: Limits.Saving?) -> String {
    (saving.map { "−" + NumberText.time($0.time) } ?? "–").rightAligned(width)
  }
}
