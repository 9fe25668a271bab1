public import TaperJSON

/// A report for programs (specs/command-json.md): the nodes with keys, in their order.
public enum JSONRenderer {
  public static let schemaVersion = 1

  public static func value(_ report: Report) -> JSONValue {
    .object(JSONObject([("schema_version", JSONValue(schemaVersion))] + members(report.nodes)))
  }

  public static func render(_ report: Report, pretty: Bool = true) -> String {
    value(report).serialized(pretty: pretty)
  }

  private static func members(_ nodes: [ReportNode]) -> [(String, JSONValue)] {
    nodes.flatMap { node -> [(String, JSONValue)] in
      switch node {
      case .section(_, let nodes): return members(nodes)
      case .verdict(let verdict): return [("verdict", .string(verdict.word))]
      case .data(let key, let value): return [(key, value.json)]
      case .facts(let facts):
        let keyed = facts.facts.compactMap { fact in fact.key.map { ($0, fact.value.json) } }
        return facts.key.map { [($0, .object(JSONObject(keyed)))] } ?? keyed
      case .table(let table): return table.key.map { [($0, array(table))] } ?? []
      case .paragraph, .highlights, .chart, .check: return []
      }
    }
  }

  /// An object a row.
  private static func array(_ table: ReportTable) -> JSONValue {
    .array(
      table.rows.filter { !$0.isSummary }.map { row in
        .object(
          JSONObject(
            zip(table.columns, row.cells).compactMap { column, cell in column.key.map { ($0, cell.json) } }))
      })
  }
}
