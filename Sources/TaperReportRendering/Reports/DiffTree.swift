import TaperBase
import TaperJSON
import TaperPlanFormat

extension Report {
  /// Changes shown of each part of the documents.
  private static let shown = 30

  /// What `taper diff` shows.
  ///
  /// - Parameters:
  ///   - kind: "plan" or "audit".
  ///   - names: of the two documents.
  ///   - all: every change, not some of each part, evenly chosen.
  public init(_ diff: DocumentDiff, kind: String, names: (a: String, b: String), all: Bool = false) {
    let changes = diff.changes
    let parts = changes.map { $0.path.first ?? "" }.reduce(into: [String]()) {
      if !$0.contains($1) { $0.append($1) }
    }
    self.init("diff", of: "\(names.a) and \(names.b)") {
      ReportNode.data("kind", kind)
      ReportNode.data("equal", .flag(changes.isEmpty))
      if changes.isEmpty {
        ReportNode.paragraph("no difference: \(names.a), \(names.b)", .plain)
      } else {
        ReportNode.paragraph("A  \(names.a)", .plain)
        ReportNode.paragraph("B  \(names.b)", .plain)
      }
      ReportNode.data("changes", .list(changes.map(\.value)))
      for part in parts {
        let changes = changes.filter { $0.path.first == part }
        ReportNode.section(DiffWords.words(part) + (changes.count > 1 ? ": \(changes.count) differ" : "")) {
          let count = all ? changes.count : min(Self.shown, changes.count)
          // The first and the last, and evenly between them.
          ReportTable(
            [.init("", .left), .init("A"), .init("B"), .init("")], showsHeadings: false,
            rows: (0..<count).map { changes[count == 1 ? 0 : $0 * (changes.count - 1) / (count - 1)].row })
          if changes.count > count {
            ReportNode.paragraph("\(count) of \(changes.count), evenly chosen (--all shows all)")
          }
        }
      }
    }
  }
}

extension DocumentDiff.Change {
  fileprivate var value: ReportValue {
    .record([
      "path": .texts(path), "a": a.map(ReportValue.init) ?? .none, "b": b.map(ReportValue.init) ?? .none,
      "relative": .rounded(ReportValue(relative) { .number($0) }),
    ])
  }

  fileprivate var row: ReportTable.Row {
    let key = path.last ?? ""
    return .init([
      .text(path.dropFirst().map(DiffWords.words).joined(separator: ", ")), .text(DiffWords.value(a, key)),
      .text(DiffWords.value(b, key)),
      // A residual is itself a share of something.
      .text(key == "residual" ? "" : relative.map { NumberText.signedPercent($0) } ?? ""),
    ])
  }
}

private enum DiffWords {
  /// A key without its unit.
  static func words(_ key: String) -> String {
    var key = key
    for unit in ["_ns", "_bytes", "_flops"] where key.hasSuffix(unit) {
      key = String(key.dropLast(unit.count))
    }
    return key.replacing("_", with: " ")
  }

  /// With the unit that the key names.
  static func value(_ value: JSONValue?, _ key: String) -> String {
    guard let value else { return "–" }
    if let number = value.int, number >= 0 {
      if key.hasSuffix("_ns") { return NumberText.time(Nanoseconds(UInt64(number))) }
      if key.hasSuffix("_bytes") || key == "bytes" { return NumberText.size(Bytes(UInt64(number))) }
      return "\(number)"
    }
    switch value {
    case .number(let number) where key == "residual": return NumberText.signedPercent(number)
    case .number(let number): return NumberText.fixed(number, 4)
    case .string(let text): return clipped(text)
    case .array(let values) where values.allSatisfy { $0.object == nil && $0.array == nil }:
      return clipped(values.map { self.value($0, key) }.joined(separator: " "))
    case .null: return "none"
    default: return clipped(value.serialized())
    }
  }

  private static func clipped(_ text: String) -> String { text.count <= 44 ? text : text.prefix(43) + "…" }
}
