public import TaperBase

/// A data set in memory: its valid rows in file order, and the bad ones.
public struct TextDataset: Hashable, Sendable {
  public var rows: [TextRow]
  /// The first `keptBadRows` bad rows that were skipped.
  public var badRows: [BadRow]
  public var badRowCount: Int
  /// SHA-256 of the file.
  public var digest: Digest

  public static let keptBadRows = 1_000

  /// Reads a whole file.
  ///
  /// - Parameters:
  ///   - format: nil takes it from the path's extension.
  ///   - requiresLabels: whether a row without a label is a bad row.
  ///   - skipBad: collect bad rows instead of throwing.
  /// - Throws: `badRow` with the first bad row and the number of others (unless `skipBad`), `noRows` for a file without
  ///   a valid row, and an error when the file cannot be read.
  public static func read(
    path: String, format: DatasetFormat? = nil, requiresLabels: Bool = false, skipBad: Bool = false
  ) throws(DatasetError) -> TextDataset {
    try read(DatasetReader(path: path, format: format, requiresLabels: requiresLabels), skipBad: skipBad)
  }

  /// Reads all rows of a reader.
  public static func read(
    _ reader: consuming DatasetReader, skipBad: Bool = false
  ) throws(DatasetError) -> TextDataset {
    var reader = reader
    var dataset = TextDataset(rows: [], badRows: [], badRowCount: 0, digest: .zero)
    while let item = try reader.next() {
      switch item {
      case .row(let row):
        dataset.rows.append(row)
      case .bad(let row):
        dataset.badRowCount += 1
        if dataset.badRows.count < keptBadRows { dataset.badRows.append(row) }
      }
    }
    if !skipBad, let first = dataset.badRows.first {
      throw .badRow(path: reader.path, row: first, others: dataset.badRowCount - 1)
    }
    guard !dataset.rows.isEmpty else { throw .noRows(path: reader.path, badRows: dataset.badRowCount) }
    dataset.digest = reader.digest
    return dataset
  }

  /// The distinct labels of all rows, in a stable order: numbers by value before names by Unicode scalars.
  public var labels: [String] {
    var seen: [String: RowLabel] = [:]
    for case let label? in rows.lazy.map(\.label) { seen[label.text] = label }
    return seen.values.sorted { a, b in
      switch (a.number, b.number) {
      case (let a?, let b?) where a != b: a < b
      case (_?, nil): true
      case (nil, _?): false
      default: a.text.unicodeScalars.lexicographicallyPrecedes(b.text.unicodeScalars)
      }
    }.map(\.text)
  }
}
