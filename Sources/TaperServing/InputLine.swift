internal import TaperJSON

/// One text to answer, from a line of input.
public struct InputLine: Hashable, Sendable {
  public var text: String
  public var pair: String?

  public init(text: String, pair: String? = nil) {
    self.text = text
    self.pair = pair
  }

  /// Reads a line without its line feed.
  ///
  /// A JSON line holds a string, or an object with "text" and optionally "text_pair" (null: none). Other members are
  /// ignored, so that labelled data can be used as input; NaN and lone surrogates, which Python writes, are no errors
  /// (`JSONExtensions.python`). A plain line is the text itself.
  ///
  /// - Returns: nil for a blank JSON line.
  public static func parse(_ bytes: [UInt8], line: Int, plain: Bool) throws(ServingError) -> InputLine? {
    if plain {
      let content = bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes[...]
      guard let text = String(validating: content, as: UTF8.self) else { throw .notUTF8(line: line) }
      return InputLine(text: text)
    }
    let blanks: [UInt8] = [0x20, 0x09, 0x0D]
    if bytes.allSatisfy({ blanks.contains($0) }) { return nil }
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue.parse(bytes, accepting: .python)
    } catch {
      throw .notJSON(line: line, error)
    }
    if let text = value.string { return InputLine(text: text) }
    guard let text = value["text"] else {
      let found = value.object == nil ? value.kindDescription : "an object without \"text\""
      throw .notAText(line: line, found: found)
    }
    guard let text = text.string else {
      throw .notAText(line: line, found: "\(text.kindDescription) as \"text\"")
    }
    let pair = value["text_pair"] ?? .null
    guard pair.isNull || pair.string != nil else {
      throw .notAText(line: line, found: "\(pair.kindDescription) as \"text_pair\"")
    }
    return InputLine(text: text, pair: pair.string)
  }
}
