internal import TaperJSON

/// A field of tokenizer.json with its path, for errors that name it.
struct JSONField {
  let value: JSONValue?
  let path: String

  init(_ value: JSONValue?, _ path: String) {
    self.value = value
    self.path = path
  }

  /// Whether there is a value other than null.
  var isPresent: Bool { value != nil && value != .null }

  subscript(key: String) -> JSONField { JSONField(value?[key], "\(path).\(key)") }
  subscript(index: Int) -> JSONField { JSONField(value?[index], "\(path)[\(index)]") }

  func unexpected(_ expected: String) -> TokenizerError {
    let found: String =
      switch value {
      case nil: "nothing"
      case .string(let text)?: "\"\(text.prefix(60))\""
      case let value?: value.kindDescription
      }
    return .field(path: path, expected: expected, found: found)
  }

  func require(_ key: String, equals expected: String) throws(TokenizerError) {
    guard self[key].value?.string == expected else { throw self[key].unexpected("\"\(expected)\"") }
  }

  func string(_ fallback: String? = nil) throws(TokenizerError) -> String {
    if !isPresent, let fallback { return fallback }
    guard let string = value?.string else { throw unexpected("a string") }
    return string
  }

  func bool(_ fallback: Bool) throws(TokenizerError) -> Bool {
    if !isPresent { return fallback }
    guard let bool = value?.bool else { throw unexpected("true or false") }
    return bool
  }

  func int(_ fallback: Int?, in range: ClosedRange<Int>) throws(TokenizerError) -> Int {
    if !isPresent, let fallback { return fallback }
    guard let int = value?.int, range.contains(int) else {
      throw unexpected("an integer from \(range.lowerBound) to \(range.upperBound)")
    }
    return int
  }

  func elements(atMost limit: Int) throws(TokenizerError) -> [JSONField] {
    guard let array = value?.array else { throw unexpected("an array") }
    guard array.count <= limit else { throw .tooLarge(what: path, limit: limit, found: array.count) }
    return array.enumerated().map { JSONField($1, "\(path)[\($0)]") }
  }
}
