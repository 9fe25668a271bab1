/// Why bytes are not valid JSON. `offset` counts bytes from the start.
public enum JSONError: Error, Hashable, Sendable {
  case unexpectedEnd(offset: Int, expected: String)
  case unexpectedByte(offset: Int, byte: UInt8, expected: String)
  case invalidNumber(offset: Int)
  case invalidString(offset: Int, reason: String)
  case duplicateKey(offset: Int, key: String)
  case tooDeep(offset: Int, limit: Int)
}

extension JSONError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unexpectedEnd(let offset, let expected):
      "JSON ends at byte \(offset) where \(expected) was expected; the text may be cut off"
    case .unexpectedByte(let offset, let byte, let expected):
      "JSON has \(Self.show(byte)) at byte \(offset) where \(expected) was expected"
    case .invalidNumber(let offset): "JSON has a malformed number at byte \(offset)"
    case .invalidString(let offset, let reason): "JSON has a malformed string at byte \(offset): \(reason)"
    case .duplicateKey(let offset, let key): "JSON object has the key \"\(key)\" twice, at byte \(offset)"
    case .tooDeep(let offset, let limit): "JSON nests deeper than \(limit) levels at byte \(offset)"
    }
  }

  private static func show(_ byte: UInt8) -> String {
    (0x20..<0x7F).contains(byte) ? "'\(Unicode.Scalar(byte))'" : "byte 0x" + String(byte, radix: 16)
  }
}
