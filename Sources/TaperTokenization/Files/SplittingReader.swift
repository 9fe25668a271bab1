import TaperJSON

/// Reads the pre-tokenizer of tokenizer.json.
enum SplittingReader {
  static let supported =
    "BertPreTokenizer, ByteLevel, CharDelimiterSplit, Digits, Metaspace, Punctuation, Sequence, Split, Whitespace, "
    + "WhitespaceSplit"

  static func read(_ node: TokenizerJSONNode?) throws(TokenizerError) -> [Splitting] {
    guard let node else { return [] }
    let type = try node.required("type", "the kind of pre-tokenizer").string()
    switch type {
    case "Sequence":
      var steps: [Splitting] = []
      for part in try node.required("pretokenizers", "an array of pre-tokenizers").elements() {
        steps += try read(part)
      }
      return steps
    case "BertPreTokenizer": return [.bert]
    case "Whitespace": return [.words]
    case "WhitespaceSplit": return [.whiteSpace]
    case "Punctuation": return [.punctuation(try behavior(node, default: .isolated))]
    case "Digits":
      return [.digits(try node.flag("individual_digits", default: false) ? .isolated : .contiguous)]
    case "CharDelimiterSplit":
      let delimiter = try scalar(try node.required("delimiter", "one character"))
      var text = NormalizedText()
      text.append(scalar: delimiter, TokenOffset(begin: 0, end: 0))
      return [.pattern(.text(text.bytes), .removed, inverts: false)]
    case "Metaspace": return [try metaspace(node)]
    case "ByteLevel":
      return [
        .byteLevel(
          addsPrefixSpace: try node.flag("add_prefix_space", default: true),
          splits: try node.flag("use_regex", default: true))
      ]
    case "Split": return [try split(node)]
    default: throw .unsupported(path: node.path, found: "\"\(type)\"", supported: supported)
    }
  }

  private static func scalar(_ node: TokenizerJSONNode) throws(TokenizerError) -> UInt32 {
    let scalars = try node.string().unicodeScalars
    guard let first = scalars.first, scalars.count == 1 else {
      throw .invalid(path: node.path, expected: "one character", found: "\(scalars.count) of them")
    }
    return first.value
  }

  private static func metaspace(_ node: TokenizerJSONNode) throws(TokenizerError) -> Splitting {
    let replacement = try scalar(try node.required("replacement", "one character"))
    var scheme = Splitting.Prepending.always
    if let named = node["prepend_scheme"] {
      switch try named.string() {
      case "always": scheme = .always
      case "first": scheme = .first
      case "never": scheme = .never
      case let other:
        throw .invalid(path: named.path, expected: "always, first or never", found: "\"\(other)\"")
      }
    }
    if try !node.flag("add_prefix_space", default: true) {
      guard node["prepend_scheme"] == nil || scheme == .never else {
        throw .invalid(
          path: "\(node.path).prepend_scheme", expected: "never, since add_prefix_space is false",
          found: "another scheme")
      }
      scheme = .never
    }
    return .metaspace(replacement: replacement, scheme, splits: try node.flag("split", default: true))
  }

  private static func split(_ node: TokenizerJSONNode) throws(TokenizerError) -> Splitting {
    let behavior = try behavior(node, default: nil)
    let inverts = try node.flag("invert", default: false)
    let pattern = try node.required("pattern", "a String or a Regex")
    if let expression = pattern["Regex"], let words = WordPattern(regularExpression: try expression.string())
    {
      return .wordPattern(words, behavior, inverts: inverts)
    }
    return .pattern(try TextPatternReader.read(pattern), behavior, inverts: inverts)
  }

  private static func behavior(
    _ node: TokenizerJSONNode, default fallback: SplitBehavior?
  ) throws(TokenizerError) -> SplitBehavior {
    let names = SplitBehavior.allCases.map(\.name).joined(separator: ", ")
    if node["behavior"] == nil, let fallback { return fallback }
    let named = try node.required("behavior", "one of \(names)")
    let name = try named.string()
    guard let behavior = SplitBehavior.allCases.first(where: { $0.name == name }) else {
      throw .invalid(path: named.path, expected: "one of \(names)", found: "\"\(name)\"")
    }
    return behavior
  }
}
