import TaperJSON

/// A part of tokenizer.json with its path, for errors.
struct TokenizerJSONNode {
  let path: String
  let value: JSONValue

  private func invalid(_ expected: String) -> TokenizerError {
    .invalid(path: path, expected: expected, found: value.kindDescription)
  }

  /// The member `key`; nil when it is absent or null: the format does not distinguish them.
  subscript(key: String) -> TokenizerJSONNode? {
    guard let member = value[key], !member.isNull else { return nil }
    return TokenizerJSONNode(path: path.isEmpty ? key : "\(path).\(key)", value: member)
  }

  func required(_ key: String, _ expected: String) throws(TokenizerError) -> TokenizerJSONNode {
    guard value.object != nil else { throw invalid("an object") }
    guard let node = self[key] else {
      throw .missing(path: path.isEmpty ? key : "\(path).\(key)", expected: expected)
    }
    return node
  }

  func string() throws(TokenizerError) -> String {
    guard let string = value.string else { throw invalid("a string") }
    return string
  }

  func integer(in range: ClosedRange<Int>) throws(TokenizerError) -> Int {
    guard let integer = value.int, range.contains(integer) else {
      throw .invalid(
        path: path, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)",
        found: value.int.map(String.init) ?? value.kindDescription)
    }
    return integer
  }

  func string(_ key: String, default fallback: String) throws(TokenizerError) -> String {
    guard let node = self[key] else { return fallback }
    return try node.string()
  }

  func integer(
    _ key: String, default fallback: Int, in range: ClosedRange<Int>
  ) throws(TokenizerError) -> Int {
    guard let node = self[key] else { return fallback }
    return try node.integer(in: range)
  }

  func flag(_ key: String, default fallback: Bool) throws(TokenizerError) -> Bool {
    guard let node = self[key] else { return fallback }
    guard let flag = node.value.bool else { throw node.invalid("true or false") }
    return flag
  }

  func members() throws(TokenizerError) -> [(key: String, value: JSONValue)] {
    guard let object = value.object else { throw invalid("an object") }
    return object.members
  }

  func elements() throws(TokenizerError) -> [TokenizerJSONNode] {
    guard let array = value.array else { throw invalid("an array") }
    return array.enumerated().map { TokenizerJSONNode(path: "\(path)[\($0.offset)]", value: $0.element) }
  }

  /// Checks the member "type".
  func requireType(_ supported: String) throws(TokenizerError) {
    let type = try required("type", "\"\(supported)\"").string()
    guard type == supported else {
      throw .unsupported(path: path, found: "\"\(type)\"", supported: supported)
    }
  }
}
