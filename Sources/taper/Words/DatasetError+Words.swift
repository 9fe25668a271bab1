import TaperCalibration

extension DatasetError {
  var words: String {
    switch self {
    case .file(let error): "\(error)"
    case .unknownFormat(let path):
      "\(path): expected a file ending in .jsonl, .csv, .tsv or .tab; rename it or name its format"
    case .missingColumn(let path, let expected, let found):
      "\(path): expected a column named \(expected.joined(separator: " or ")), "
        + "found \(found.isEmpty ? "none" : found.joined(separator: ", ")); rename a column in the header"
    case .badHeader(let path, let reason):
      "\(path): \(reason)"
    case .badRow(let path, let row, let others):
      "\(path): \(row)"
        + (others == 0
          ? "; correct it, or skip it with --skip-bad"
          : "; correct it, or skip it and \(others) more with --skip-bad")
    case .noRows(let path, let badRows):
      "\(path): expected at least one row, found none" + (badRows == 0 ? "" : " but \(badRows) bad ones")
    }
  }
}
