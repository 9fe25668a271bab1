internal import TaperJSON

/// One text to answer, from a line of input.
public struct InputLine: Hashable, Sendable {
  public var text: String
  public var pair: String?
  /// Whether `text` is a query for documents elsewhere.
  public var isQuery = false
  /// Texts to be ranked by how well they answer `text`; nil: there is nothing to rank.
  public var documents: [String]?

  public init(text: String, pair: String? = nil, documents: [String]? = nil) {
    self.text = text
    self.pair = pair
    self.documents = documents
  }

  /// Reads a line without its line feed.
  ///
  /// A JSON line holds a string, an object with "text" and optionally "text_pair" (null: none), or, for a reranker, one
  /// with "query" and "documents". Other members are
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
      let first = bytes.first { !blanks.contains($0) }
      throw .notJSON(line: line, error, isRaw: !"{[\"".utf8.contains { $0 == first })
    }
    if let text = value.string { return InputLine(text: text) }
    if value["documents"] != nil, value["text"] != nil {
      throw .notAText(line: line, found: "\"text\" beside \"documents\", which go with \"query\"")
    }
    if value["text"] == nil, let query = value["query"] {
      return try ranking(query, value["documents"], line: line)
    }
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

  /// A query, and documents that are strings or objects with "text".
  private static func ranking(
    _ query: JSONValue, _ documents: JSONValue?, line: Int
  ) throws(ServingError) -> InputLine {
    guard let query = query.string else {
      throw .notAText(line: line, found: "\(query.kindDescription) as \"query\"")
    }
    guard let documents else {
      var input = InputLine(text: query)
      input.isQuery = true
      return input
    }
    guard let elements = documents.array else {
      throw .notAText(line: line, found: "\(documents.kindDescription) as \"documents\"")
    }
    var texts: [String] = []
    for element in elements {
      guard let text = element.string ?? element["text"]?.string else {
        throw .notAText(line: line, found: "\(element.kindDescription) among the \"documents\"")
      }
      texts.append(text)
    }
    return InputLine(text: query, documents: texts)
  }
}
