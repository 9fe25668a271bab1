/// The file format of a data set.
public enum DatasetFormat: String, CaseIterable, Hashable, Sendable {
  /// One JSON object a line; blank lines are ignored.
  case jsonl
  /// RFC 4180: a header row, commas, fields quoted where needed (then with "" for a quote, newlines allowed).
  case csv
  /// GLUE's files: a header row, tabs, no quoting.
  case tsv
  /// Orange's tables: three header lines (names, types, flags), tabs, quoting as in `csv`.
  case tab

  /// The format of a file name's extension, or nil.
  public init?(path: String) {
    guard let dot = path.lastIndex(of: "."), !path[dot...].contains("/") else { return nil }
    switch path[path.index(after: dot)...].lowercased() {
    case "jsonl", "ndjson": self = .jsonl
    case "csv": self = .csv
    case "tsv": self = .tsv
    case "tab": self = .tab
    default: return nil
    }
  }
}
