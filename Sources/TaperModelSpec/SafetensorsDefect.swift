public import TaperJSON

/// Why a safetensors file is refused. Offsets and sizes are in bytes.
public enum SafetensorsDefect: Error, Hashable, Sendable {
  /// Fewer than the 8 bytes of the header's length.
  case noHeader(fileSize: Int)
  case headerTooLarge(found: UInt64, limit: Int)
  case headerTruncated(expected: Int, found: Int)
  case headerNotJSON(JSONError)
  case headerNotObject(found: String)
  case metadata(found: String)
  /// A tensor's description lacks a member or has one of the wrong kind.
  case description(tensor: String, member: String, expected: String, found: String)
  case shapeTooLarge(tensor: String, shape: [Int])
  case offsetsReversed(tensor: String, begin: Int, end: Int)
  case outOfFile(tensor: String, end: Int, available: Int)
  case sizeMismatch(tensor: String, expected: Int, found: Int)
  case overlap(tensor: String, begin: Int, other: String, otherEnd: Int)
  case hole(tensor: String, expectedBegin: Int, found: Int)
  case trailingBytes(expectedEnd: Int, found: Int)
}

extension SafetensorsDefect: CustomStringConvertible {
  public var description: String {
    switch self {
    case .noHeader(let fileSize):
      "expected at least 8 bytes (the header's length), found \(fileSize); the file may be cut off"
    case .headerTooLarge(let found, let limit):
      "the header claims \(found) bytes, more than the \(limit) allowed; it may not be a safetensors file"
    case .headerTruncated(let expected, let found):
      "the header claims \(expected) bytes but only \(found) follow; the file may be cut off"
    case .headerNotJSON(let error): "the header is malformed: \(error)"
    case .headerNotObject(let found): "expected the header to be a JSON object, found \(found)"
    case .metadata(let found): "expected __metadata__ to be an object of strings, found \(found)"
    case .description(let tensor, let member, let expected, let found):
      "tensor \"\(tensor)\": expected \(member) to be \(expected), found \(found)"
    case .shapeTooLarge(let tensor, let shape): "tensor \"\(tensor)\": the size of shape \(shape) overflows"
    case .offsetsReversed(let tensor, let begin, let end):
      "tensor \"\(tensor)\": data_offsets [\(begin), \(end)] run backwards"
    case .outOfFile(let tensor, let end, let available):
      "tensor \"\(tensor)\": ends at data byte \(end) but the file has \(available); the file may be cut off"
    case .sizeMismatch(let tensor, let expected, let found):
      "tensor \"\(tensor)\": expected \(expected) bytes from its shape and type, found \(found) in data_offsets"
    case .overlap(let tensor, let begin, let other, let otherEnd):
      "tensor \"\(tensor)\" begins at data byte \(begin), inside \"\(other)\" which ends at \(otherEnd)"
    case .hole(let tensor, let expectedBegin, let found):
      "tensor \"\(tensor)\": expected to begin at data byte \(expectedBegin), found \(found); the format has no holes"
    case .trailingBytes(let expectedEnd, let found):
      "expected the data to end at byte \(expectedEnd), found \(found) bytes"
    }
  }
}
