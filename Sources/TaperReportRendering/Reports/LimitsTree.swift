import TaperBase
import TaperPlanFormat
import TaperPlanner

extension Limits {
  /// A row a layer, a column a lever, what saves most on the left. 80 columns with four levers.
  @ReportBuilder var nodes: [ReportNode] {
    if layers.isEmpty {
      ReportNode.paragraph("No layer is left that a change could make faster.")
    } else {
      ReportTable(
        [
          .init("at \(length) tokens", .left, width: 14), .init("bound", .left, width: 15),
          .init("time", width: 9),
        ] + whole.map { .init(heading($0), width: 10) }, style: .indented(0), rows: layers.map(row) + [sum])
      ReportNode.paragraph(
        "Time saved by one change alone: \(Self.tokenStep) tokens fewer, products in a lower precision, the layer "
          + "left out (of all layers, the costliest), other numbers of threads.")
    }
    if !isOwnProfile { ReportNode.paragraph("Priced with another profile than the plan was made from.") }
    if !unpriced.isEmpty {
      ReportNode.paragraph(
        "No time counts these, for which the profile has no kernel: "
          + unpriced.map(\.name).joined(separator: ", ")
          + ". Profile that machine with this version (--planes for planes of bf16).")
    }
  }

  private func heading(_ saving: Saving) -> String {
    switch saving.lever {
    case .tokens: "\(Self.tokenStep) tokens"
    case .depth: "the layer"
    case .precision, .threads: saving.change
    }
  }

  private func row(_ layer: Layer) -> ReportTable.Row {
    .init(
      [
        .text("layer \(layer.layer)"),
        .text("\(layer.bound.name) \(NumberText.percent(layer.boundShare, 0))"),
        .predicted(.time(layer.time)),
      ]
        + whole.map { column in
          // Depth has one column: the whole's words differ from a layer's.
          let saving = layer.savings.first {
            $0.lever == column.lever && ($0.lever == .depth || $0.change == column.change)
          }
          return saving.map(cell) ?? .none
        })
  }

  private var sum: ReportTable.Row {
    .init([.text("all layers"), .text(""), .text("")] + whole.map(cell), isSummary: true)
  }

  private func cell(_ saving: Saving) -> ReportValue {
    .shown("−" + NumberText.time(saving.time), .time(saving.time))
  }

  /// - Parameter lengths: of the plan, whose memory shares are wanted.
  func value(_ lengths: [Explanation.Length]) -> ReportValue {
    .record([
      "tokens": .integer(length), "own_profile": .flag(isOwnProfile),
      "unpriced": .list(unpriced.map { .text($0.name) }),
      "layers": .list(
        layers.map { layer in
          .record([
            "layer": .integer(layer.layer), "predicted_ns": .time(layer.time),
            "bound": .text(layer.bound.name),
            "bound_share": .share(layer.boundShare), "savings": .list(layer.savings.map(\.value)),
          ])
        }), "whole": .list(whole.map(\.value)),
      "memory": .list(
        lengths.map {
          .record(["tokens": .integer($0.tokens), "share": .share(memoryShare(of: $0.planned.time))])
        }),
    ])
  }
}

extension Limits.Saving {
  fileprivate var value: ReportValue {
    .record(["lever": .text(lever.rawValue), "change": .text(change), "saves_ns": .time(time)])
  }
}
