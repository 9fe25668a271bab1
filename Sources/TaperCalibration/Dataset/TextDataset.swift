public import TaperBase

/// A data set in memory: its valid rows in file order, and the bad ones.
public struct TextDataset: Hashable, Sendable {
  public var rows: [TextRow]
  /// The first `keptBadRows` bad rows that were skipped.
  public var badRows: [BadRow]
  public var badRowCount: Int
  /// Rows whose label says that they have none; left out where labels are required.
  public var unlabelledCount: Int
  /// SHA-256 of the file.
  public var digest: Digest

  public static let keptBadRows = 1_000

  /// Reads a whole file.
  ///
  /// - Throws: `badRow` with the first bad row and the number of others (unless bad ones are skipped), `noRows` for a
  ///   file without a valid row, and an error when the file cannot be read.
  public static func read(
    path: String, options: DatasetOptions = DatasetOptions()
  ) throws(DatasetError) -> TextDataset {
    try read(DatasetReader(path: path, options: options))
  }

  /// Reads all rows of a reader.
  public static func read(_ reader: consuming DatasetReader) throws(DatasetError) -> TextDataset {
    var reader = reader
    var dataset = TextDataset(rows: [], badRows: [], badRowCount: 0, unlabelledCount: 0, digest: .zero)
    while let item = try reader.next() {
      switch item {
      case .row(var row):
        if reader.options.ignoresLabels { row.label = nil }
        dataset.rows.append(row)
      case .bad(let row):
        dataset.badRowCount += 1
        if dataset.badRows.count < keptBadRows { dataset.badRows.append(row) }
      }
    }
    if !reader.options.skipsBad, let first = dataset.badRows.first {
      throw .badRow(path: reader.path, row: first, others: dataset.badRowCount - 1)
    }
    dataset.dropMissingLabels(reader.options)
    guard !dataset.rows.isEmpty else { throw .noRows(path: reader.path, badRows: dataset.badRowCount) }
    dataset.digest = reader.digest
    return dataset
  }

  /// Takes the labels that say "none" away, and the rows with them where labels are required.
  private mutating func dropMissingLabels(_ options: DatasetOptions) {
    let missing = options.unlabelled ?? usualMissingLabels
    for index in rows.indices {
      if let label = rows[index].label, missing.contains(label.text) {
        rows[index].label = nil
        unlabelledCount += 1
      }
    }
    if options.requiresLabels { rows.removeAll { $0.label == nil } }
  }

  /// −1 among class numbers is no class; among other numbers it is a number.
  private var usualMissingLabels: Set<String> {
    let others = rows.lazy.compactMap(\.label).filter { $0.text != "-1" && $0.text != "-" }
    let areClasses = others.allSatisfy { label in Int(label.text).map { $0 >= 0 } ?? false }
    return areClasses ? ["-", "-1"] : ["-"]
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
