/// A table's header: the roles of its columns, and the number of fields per row.
struct TableHeader {
  let columns: ColumnRoles
  let fieldCount: Int

  /// Reads the header lines.
  init(
    _ records: inout RecordReader, path: String, format: DatasetFormat, options: DatasetOptions
  ) throws(DatasetError) {
    let names = try TableHeader.line(&records, path, "column names")
    var types: [String] = []
    var flags: [String] = []
    if format == .tab {
      types = try TableHeader.line(&records, path, "column types (Orange's second header line)")
      flags = try TableHeader.line(&records, path, "column flags (Orange's third header line)")
    }
    do throws(ColumnRoles.MissingColumn) {
      columns = try ColumnRoles(names, options: options) {
        format == .tab ? ColumnRoles(names: $0, types: types, flags: flags) : ColumnRoles(names: $0)
      }
    } catch {
      throw .missingColumn(path: path, expected: error.expected, found: names)
    }
    if options.requiresLabels, columns.label == nil {
      throw .missingColumn(path: path, expected: ["label"], found: names)
    }
    fieldCount = names.count
  }

  private static func line(
    _ records: inout RecordReader, _ path: String, _ what: String
  ) throws(DatasetError) -> [String] {
    switch try records.next() {
    case nil: throw .badHeader(path: path, reason: "expected a header line of \(what), found the file's end")
    case .malformed(let reason): throw .badHeader(path: path, reason: "line \(records.line): \(reason)")
    case .fields(let fields):
      var names: [String] = []
      for field in fields {
        guard let name = String(validating: field, as: UTF8.self) else {
          throw .badHeader(path: path, reason: "line \(records.line): expected UTF-8 in the header")
        }
        names.append(name)
      }
      return names
    }
  }
}
