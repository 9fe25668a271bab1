public import TaperBase
import TaperJSON

/// Reads a data set row by row. Memory is constant: at most one row is held.
///
/// Rows that cannot be read are returned as `.bad` with line and reason; the caller decides (`TextDataset.read` refuses
/// or collects them). Only an unreadable file or a header without a text column throws.
public struct DatasetReader: ~Copyable {
  /// The longest valid row, in bytes.
  public static let maximumRowByteCount = RecordReader.maximumRecordByteCount

  public let path: String
  public let format: DatasetFormat
  public let options: DatasetOptions
  private var records: RecordReader
  /// Nil for JSON lines.
  private let header: TableHeader?

  public init(path: String, options: DatasetOptions = DatasetOptions()) throws(DatasetError) {
    guard let format = options.format ?? DatasetFormat(path: path) else { throw .unknownFormat(path: path) }
    try self.init(
      source: ByteSource(path: path, encoding: options.encoding), path: path, format: format, options: options
    )
  }

  /// Reads bytes in memory; `name` stands for the path in errors.
  public init(
    bytes: [UInt8], name: String, format: DatasetFormat, options: DatasetOptions = DatasetOptions()
  ) throws(DatasetError) {
    try self.init(
      source: ByteSource(bytes: bytes, name: name), path: name, format: format, options: options)
  }

  /// `limit`: the longest valid row in bytes.
  init(
    source: consuming ByteSource, path: String, format: DatasetFormat,
    options: DatasetOptions = DatasetOptions(),
    limit: Int = RecordReader.maximumRecordByteCount
  ) throws(DatasetError) {
    let separator: UInt8? =
      switch format {
      case .jsonl: nil
      case .csv: UInt8(ascii: ",")
      case .tsv, .tab: UInt8(ascii: "\t")
      }
    var records = try RecordReader(
      source: source, separator: separator, quoting: format == .csv || format == .tab, limit: limit)
    let header =
      format == .jsonl ? nil : try TableHeader(&records, path: path, format: format, options: options)
    self.path = path
    self.format = format
    self.options = options
    self.records = records
    self.header = header
  }

  /// SHA-256 of the bytes read so far; of the whole file once `next` has returned nil.
  public var digest: Digest { records.digest }

  /// The next row, good or bad; nil at the file's end.
  public mutating func next() throws(DatasetError) -> DatasetItem? {
    guard let record = try records.next() else { return nil }
    let line = records.line
    switch record {
    case .malformed(let reason):
      return .bad(BadRow(line: line, reason: reason))
    case .fields(let fields):
      do throws(BadField) {
        var row = format == .jsonl ? try jsonRow(fields[0]) : try tableRow(fields)
        row.line = line
        if row.label == nil, options.requiresLabels { throw BadField("expected a label, found none") }
        return .row(row)
      } catch {
        return .bad(BadRow(line: line, reason: error.reason))
      }
    }
  }

  // MARK: Rows

  private func tableRow(_ fields: [[UInt8]]) throws(BadField) -> TextRow {
    guard let header else { preconditionFailure("a table's header is read first") }
    let columns = header.columns
    guard fields.count == header.fieldCount else {
      throw BadField("expected \(header.fieldCount) columns, found \(fields.count)")
    }
    let label = try columns.label.map { (column) throws(BadField) in try utf8(fields[column], "label") }
    return TextRow(
      line: 0, text: try utf8(fields[columns.text], "text"),
      pair: try columns.pair.map { (column) throws(BadField) in try utf8(fields[column], "second text") },
      label: label.map(RowLabel.init).flatMap { $0.text.isEmpty ? nil : $0 })
  }

  private func jsonRow(_ bytes: [UInt8]) throws(BadField) -> TextRow {
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue.parse(bytes, maximumDepth: 16, accepting: .python)
    } catch {
      throw BadField("expected a JSON object: \(error)")
    }
    guard let object = value.object else {
      throw BadField("expected a JSON object, found \(value.kindDescription)")
    }
    let keys = Array(object.keys)
    let columns: ColumnRoles
    do throws(ColumnRoles.MissingColumn) {
      columns = try ColumnRoles(keys, options: options) { ColumnRoles(names: $0) }
    } catch {
      throw BadField(
        "expected a key \(error.expected.joined(separator: " or ")), found \(keys.joined(separator: ", "))")
    }
    var row = TextRow(line: 0, text: "")
    row.text = try string(object, keys[columns.text])
    if let pair = columns.pair { row.pair = try string(object, keys[pair]) }
    if let label = columns.label { row.label = try jsonLabel(object[keys[label]]) }
    return row
  }

  private func jsonLabel(_ value: JSONValue?) throws(BadField) -> RowLabel? {
    switch value {
    case nil, .null: return nil
    case .string(let text): return text.isEmpty ? nil : RowLabel(text)
    case .integer(let number): return RowLabel(String(number))
    case .number(let number): return RowLabel(String(number))
    default: throw BadField("expected the label to be a string or a number")
    }
  }

  private func string(_ object: JSONObject, _ key: String) throws(BadField) -> String {
    guard let text = object[key]?.string else { throw BadField("expected \"\(key)\" to be a string") }
    return text
  }

  private func utf8(_ bytes: [UInt8], _ what: String) throws(BadField) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw BadField(
        "expected the \(what) to be UTF-8; name another encoding with --encoding, such as latin1")
    }
    return text
  }
}

/// Why a row is bad; never leaves the reader.
private struct BadField: Error {
  let reason: String
  init(_ reason: String) { self.reason = reason }
}
