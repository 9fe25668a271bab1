public import TaperBase

/// Why a data set is refused.
public enum DatasetError: Error, Hashable, Sendable {
  case file(FileError)
  case unknownFormat(path: String)
  case unknownEncoding(path: String, name: String)
  /// Bytes that are no text in the encoding that was named.
  case notOfEncoding(path: String, name: String)
  /// The file is in another encoding than the UTF-8 expected, as iconv names it.
  case otherEncoding(path: String, name: String)
  /// The header has no text column (or no label column, when labels are required).
  case missingColumn(path: String, expected: [String], found: [String])
  case badHeader(path: String, reason: String)
  /// `others`: the number of further bad rows.
  case badRow(path: String, row: BadRow, others: Int)
  case noRows(path: String, badRows: Int)
}
