public import TaperJSON
import TaperPlanFormat

/// A `DocumentDiff` for people and for programs.
public enum DiffRenderer {
  /// Changes shown of each part of the documents.
  private static let shown = 30

  /// - Parameters:
  ///   - names: of the two documents.
  ///   - all: every change, not some of each part, evenly chosen.
  public static func text(_ diff: DocumentDiff, names: (a: String, b: String), all: Bool = false) -> String {
    guard !diff.changes.isEmpty else { return "no difference: \(names.a), \(names.b)\n" }
    var lines = ["A  \(names.a)", "B  \(names.b)"]
    var parts: [String] = []
    for change in diff.changes {
      let part = change.path.first ?? ""
      if !parts.contains(part) { parts.append(part) }
    }
    for part in parts {
      let changes = diff.changes.filter { $0.path.first == part }
      lines += ["", words(part) + (changes.count > 1 ? ": \(changes.count) differ" : "")]
      var table = TextTable(headings: ["", "A", "B", ""], leftAligned: [0])
      let count = all ? changes.count : min(shown, changes.count)
      // The first and the last, and evenly between them.
      for place in 0..<count {
        let change = changes[count == 1 ? 0 : place * (changes.count - 1) / (count - 1)]
        let key = change.path.last ?? ""
        table.add([
          change.path.dropFirst().map(words).joined(separator: ", "), value(change.a, key),
          value(change.b, key),
          // A residual is itself a share of something.
          key == "residual" ? "" : change.relative.map { NumberText.signedPercent($0) } ?? "",
        ])
      }
      lines += table.lines().dropFirst()
      if changes.count > count { lines.append("  \(count) of \(changes.count), evenly chosen (--all)") }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  public static func json(_ diff: DocumentDiff, kind: String) -> JSONValue {
    [
      "schema_version": 1, "kind": .string(kind), "equal": .bool(diff.changes.isEmpty),
      "changes": .array(
        diff.changes.map { change in
          [
            "path": .array(change.path.map { .string($0) }), "a": change.a ?? .null, "b": change.b ?? .null,
            "relative": JSONRenderer.ratio(change.relative),
          ]
        }),
    ]
  }

  /// A key without its unit.
  private static func words(_ key: String) -> String {
    var key = key
    for unit in ["_ns", "_bytes", "_flops"] where key.hasSuffix(unit) {
      key = String(key.dropLast(unit.count))
    }
    return key.replacing("_", with: " ")
  }

  /// With the unit that the key names.
  private static func value(_ value: JSONValue?, _ key: String) -> String {
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

  private static func clipped(_ text: String) -> String {
    let plain = String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "\u{FFFD}" : $0 }))
    return plain.count <= 44 ? plain : plain.prefix(43) + "…"
  }
}
