import TaperBase

/// Splits a byte stream into records of fields.
///
/// A record has at most `maximumRecordByteCount` bytes; the rest of a longer one is skipped up to the next newline. So
/// a file without newlines, or with an unclosed quote, needs bounded memory.
struct RecordReader: ~Copyable {
  enum Record {
    case fields([[UInt8]])
    case malformed(String)
  }

  static let maximumRecordByteCount = 16 << 20

  private var source: ByteSource
  /// First bytes of the first field, read while looking for a mark of its encoding.
  private var pending: [UInt8] = []
  /// nil: the whole line is one field.
  private let separator: UInt8?
  private let quoting: Bool
  private let limit: Int
  /// 1-based line of the record last returned.
  private(set) var line = 0
  private var nextLine = 1

  init(
    source: consuming ByteSource, separator: UInt8?, quoting: Bool,
    limit: Int = RecordReader.maximumRecordByteCount
  ) throws(DatasetError) {
    self.source = source
    self.separator = separator
    self.quoting = quoting
    self.limit = limit
    try skipByteOrderMark()
  }

  var digest: Digest { source.digest }

  /// Skips a UTF-8 byte order mark; other bytes stay in the first field.
  private mutating func skipByteOrderMark() throws(DatasetError) {
    while pending.count < 4, let byte = try source.peek(), byte != UInt8(ascii: "\n"), byte != separator,
      !(quoting && byte == UInt8(ascii: "\""))
    {
      _ = try source.next()
      pending.append(byte)
    }
    switch TextEncodingMark(pending) {
    case .utf8: pending.removeFirst(TextEncodingMark.utf8Bytes.count)
    case .other(let name): throw .otherEncoding(path: source.path, name: name)
    case nil: break
    }
  }

  /// The next record, or nil at the end. Blank lines are skipped, and records of which every field is empty.
  mutating func next() throws(DatasetError) -> Record? {
    while true {
      line = nextLine
      guard let record = try read() else { return nil }
      if case .fields(let fields) = record, fields.allSatisfy(\.isEmpty) { continue }
      return record
    }
  }

  private mutating func read() throws(DatasetError) -> Record? {
    var field = pending
    pending = []
    guard try source.peek() != nil || !field.isEmpty else { return nil }
    var fields: [[UInt8]] = []
    var size = field.count
    while true {
      if quoting, field.isEmpty, try source.peek() == UInt8(ascii: "\"") {
        if let reason = try readQuoted(into: &field, size: &size) { return .malformed(reason) }
        // Only a separator or the line's end may follow the closing quote.
        switch try source.peek() {
        case nil, UInt8(ascii: "\n"), UInt8(ascii: "\r"), separator: break
        default:
          try skipLine()
          return .malformed("expected a separator or the line's end after a closing quote")
        }
      }
      let byte = try source.next()
      switch byte {
      case nil:
        fields.append(field)
        return .fields(fields)
      case UInt8(ascii: "\n"):
        nextLine += 1
        if field.last == UInt8(ascii: "\r") { field.removeLast() }
        fields.append(field)
        return .fields(fields)
      case separator:
        fields.append(field)
        field = []
      case let byte?:
        size += 1
        if size > limit {
          try skipLine()
          return .malformed("expected at most \(limit) bytes in a row")
        }
        field.append(byte)
      }
    }
  }

  /// Reads a quoted field from its opening quote on; returns the reason when it is malformed.
  private mutating func readQuoted(into field: inout [UInt8], size: inout Int) throws(DatasetError) -> String?
  {
    _ = try source.next()
    let openedOn = nextLine
    while let byte = try source.next() {
      size += 1
      if size > limit {
        if byte == UInt8(ascii: "\n") { nextLine += 1 } else { try skipLine() }
        return "expected the quote opened on line \(openedOn) to be closed within \(limit) bytes"
      }
      if byte == UInt8(ascii: "\"") {
        guard try source.peek() == UInt8(ascii: "\"") else { return nil }
        _ = try source.next()
      } else if byte == UInt8(ascii: "\n") {
        nextLine += 1
      }
      field.append(byte)
    }
    return "expected the quote opened on line \(openedOn) to be closed before the file's end"
  }

  private mutating func skipLine() throws(DatasetError) {
    while let byte = try source.next() {
      if byte == UInt8(ascii: "\n") {
        nextLine += 1
        return
      }
    }
  }
}
