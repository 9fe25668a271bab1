import TaperCalibration

extension DatasetError {
  var words: String {
    switch self {
    case .file(let error): "\(error)"
    case .unknownFormat(let path):
      "\(path): expected a file ending in .jsonl, .csv, .tsv or .tab; rename it or name its format with --data-format"
    case .unknownEncoding(_, let name):
      "--encoding: expected an encoding that iconv knows (iconv --list); found \"\(name)\""
    case .notOfEncoding(let path, let name):
      "\(path): expected \(name); found bytes that are no character in it; name the right --encoding"
    case .otherEncoding(let path, let name):
      "\(path): expected UTF-8; found \(name); say so with --encoding \(name)"
    case .missingColumn(let path, let expected, let found):
      "\(path): expected a column named \(expected.joined(separator: " or ")), "
        + "found \(found.isEmpty ? "none" : found.joined(separator: ", ")); name the column with \(expected.contains("label") ? "--label-column" : "--text-column")"
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
