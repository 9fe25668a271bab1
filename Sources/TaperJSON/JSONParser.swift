extension JSONValue {
  /// Parses one JSON text: strict RFC 8259 but for what `accepting` names, UTF-8, no duplicate keys, nothing after the
  /// value but white space.
  ///
  /// Memory is bounded by the input's size, recursion by `maximumDepth`.
  public static func parse(
    _ bytes: some Collection<UInt8>, maximumDepth: Int = 64, accepting extensions: JSONExtensions = []
  ) throws(JSONError) -> JSONValue {
    var parser = JSONParser(
      bytes: [UInt8](bytes), maximumDepth: maximumDepth, extensions: extensions)
    return try parser.document()
  }

  public static func parse(
    _ text: String, maximumDepth: Int = 64, accepting extensions: JSONExtensions = []
  ) throws(JSONError) -> JSONValue {
    try parse(text.utf8, maximumDepth: maximumDepth, accepting: extensions)
  }
}

/// What Python's json module writes and reads although RFC 8259 has no such thing.
public struct JSONExtensions: OptionSet, Sendable {
  public let rawValue: Int

  public init(rawValue: Int) { self.rawValue = rawValue }

  /// NaN, Infinity, -Infinity, and numbers beyond the largest Double, which become infinite.
  public static let nonFiniteNumbers = JSONExtensions(rawValue: 1)
  /// Half of a surrogate pair as an escape (\ud83d alone). It is no character, so it becomes U+FFFD.
  public static let loneSurrogates = JSONExtensions(rawValue: 2)

  /// Data that a Python program wrote.
  public static let python: JSONExtensions = [.nonFiniteNumbers, .loneSurrogates]
}

/// A recursive-descent parser over bytes.
struct JSONParser {
  let bytes: [UInt8]
  let maximumDepth: Int
  let extensions: JSONExtensions
  var position = 0

  mutating func document() throws(JSONError) -> JSONValue {
    let value = try value(depth: 0)
    skipWhiteSpace()
    if position < bytes.count {
      throw .unexpectedByte(offset: position, byte: bytes[position], expected: "the end")
    }
    return value
  }

  private mutating func skipWhiteSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }

  private func peek(_ expected: String) throws(JSONError) -> UInt8 {
    guard position < bytes.count else { throw .unexpectedEnd(offset: position, expected: expected) }
    return bytes[position]
  }

  private mutating func expect(_ byte: UInt8, _ expected: String) throws(JSONError) {
    let found = try peek(expected)
    guard found == byte else { throw .unexpectedByte(offset: position, byte: found, expected: expected) }
    position += 1
  }

  private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
    guard depth <= maximumDepth else { throw .tooDeep(offset: position, limit: maximumDepth) }
    skipWhiteSpace()
    let byte = try peek("a value")
    switch byte {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    case UInt8(ascii: "N") where extensions.contains(.nonFiniteNumbers):
      return try literal("NaN", .number(.nan))
    case UInt8(ascii: "I") where extensions.contains(.nonFiniteNumbers):
      return try literal("Infinity", .number(.infinity))
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw .unexpectedByte(offset: position, byte: byte, expected: "a value")
    }
  }

  private mutating func literal(_ text: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
    for expected in "\(text)".utf8 { try expect(expected, "\(text)") }
    return value
  }

  private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
    position += 1
    var members = JSONObject()
    skipWhiteSpace()
    if try peek("a key or '}'") == UInt8(ascii: "}") {
      position += 1
      return .object(members)
    }
    while true {
      skipWhiteSpace()
      let start = position
      guard try peek("a key") == UInt8(ascii: "\"") else {
        throw .unexpectedByte(offset: position, byte: bytes[position], expected: "a key")
      }
      let key = try string()
      skipWhiteSpace()
      try expect(UInt8(ascii: ":"), "':'")
      let member = try value(depth: depth + 1)
      guard members.append(key, member) else { throw .duplicateKey(offset: start, key: key) }
      skipWhiteSpace()
      if try peek("',' or '}'") == UInt8(ascii: ",") {
        position += 1
      } else {
        try expect(UInt8(ascii: "}"), "',' or '}'")
        return .object(members)
      }
    }
  }

  private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
    position += 1
    var elements: [JSONValue] = []
    skipWhiteSpace()
    if try peek("a value or ']'") == UInt8(ascii: "]") {
      position += 1
      return .array(elements)
    }
    while true {
      elements.append(try value(depth: depth + 1))
      skipWhiteSpace()
      if try peek("',' or ']'") == UInt8(ascii: ",") {
        position += 1
      } else {
        try expect(UInt8(ascii: "]"), "',' or ']'")
        return .array(elements)
      }
    }
  }

  private mutating func number() throws(JSONError) -> JSONValue {
    let start = position
    func isDigit(_ at: Int) -> Bool { at < bytes.count && (0x30...0x39).contains(bytes[at]) }
    var isInteger = true
    if bytes[position] == UInt8(ascii: "-") {
      position += 1
      if extensions.contains(.nonFiniteNumbers), position < bytes.count, bytes[position] == UInt8(ascii: "I")
      {
        return try literal("Infinity", .number(-.infinity))
      }
    }
    guard isDigit(position) else { throw .invalidNumber(offset: start) }
    if bytes[position] == UInt8(ascii: "0") {
      position += 1
    } else {
      while isDigit(position) { position += 1 }
    }
    if isDigit(position) { throw .invalidNumber(offset: start) }
    if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
      isInteger = false
      position += 1
      guard isDigit(position) else { throw .invalidNumber(offset: start) }
      while isDigit(position) { position += 1 }
    }
    if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      position += 1
      if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-")
      {
        position += 1
      }
      guard isDigit(position) else { throw .invalidNumber(offset: start) }
      while isDigit(position) { position += 1 }
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isInteger, let value = Int64(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite || extensions.contains(.nonFiniteNumbers) else {
      throw .invalidNumber(offset: start)
    }
    return .number(value)
  }

  private mutating func string() throws(JSONError) -> String {
    let start = position
    position += 1
    var buffer: [UInt8] = []
    var plain = position
    while true {
      guard position < bytes.count else { throw .unexpectedEnd(offset: position, expected: "'\"'") }
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
        buffer.append(contentsOf: bytes[plain..<position])
        position += 1
        if byte == UInt8(ascii: "\"") { break }
        try escape(into: &buffer)
        plain = position
      } else if byte < 0x20 {
        throw .invalidString(offset: position, reason: "a control character must be escaped")
      } else {
        position += 1
      }
    }
    guard let text = String(validating: buffer, as: UTF8.self) else {
      throw .invalidString(offset: start, reason: "it is not UTF-8")
    }
    return text
  }

  private mutating func escape(into buffer: inout [UInt8]) throws(JSONError) {
    let byte = try peek("an escape")
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): buffer.append(byte)
    case UInt8(ascii: "b"): buffer.append(0x08)
    case UInt8(ascii: "f"): buffer.append(0x0C)
    case UInt8(ascii: "n"): buffer.append(0x0A)
    case UInt8(ascii: "r"): buffer.append(0x0D)
    case UInt8(ascii: "t"): buffer.append(0x09)
    case UInt8(ascii: "u"):
      buffer.append(contentsOf: String(Character(try unicodeEscape())).utf8)
    default: throw .invalidString(offset: position - 1, reason: "unknown escape")
    }
  }

  private mutating func unicodeEscape() throws(JSONError) -> Unicode.Scalar {
    let start = position
    let first = try hexadecimal()
    var code = UInt32(first)
    if (0xD800..<0xE000).contains(first), extensions.contains(.loneSurrogates) {
      return try pairedSurrogate(after: first) ?? "\u{FFFD}"
    }
    if (0xD800..<0xDC00).contains(first) {
      try expect(UInt8(ascii: "\\"), "the second half of a surrogate pair")
      try expect(UInt8(ascii: "u"), "the second half of a surrogate pair")
      let second = try hexadecimal()
      guard (0xDC00..<0xE000).contains(second) else {
        throw .invalidString(offset: start, reason: "a high surrogate without its low one")
      }
      code = 0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(code) else {
      throw .invalidString(offset: start, reason: "a lone surrogate")
    }
    return scalar
  }

  /// The scalar of a high surrogate with the low one that follows; nil, with nothing taken, when there is none.
  private mutating func pairedSurrogate(after first: UInt16) throws(JSONError) -> Unicode.Scalar? {
    guard first < 0xDC00, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
      bytes[position + 1] == UInt8(ascii: "u")
    else { return nil }
    let start = position
    position += 2
    let second = try hexadecimal()
    guard (0xDC00..<0xE000).contains(second) else {
      position = start
      return nil
    }
    return Unicode.Scalar(0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00))
  }

  private mutating func hexadecimal() throws(JSONError) -> UInt16 {
    var value: UInt16 = 0
    for _ in 0..<4 {
      let byte = try peek("four hexadecimal digits")
      let digit: UInt8
      switch byte {
      case 0x30...0x39: digit = byte - 0x30
      case 0x41...0x46: digit = byte - 0x41 + 10
      case 0x61...0x66: digit = byte - 0x61 + 10
      default: throw .unexpectedByte(offset: position, byte: byte, expected: "four hexadecimal digits")
      }
      value = value << 4 | UInt16(digit)
      position += 1
    }
    return value
  }
}
