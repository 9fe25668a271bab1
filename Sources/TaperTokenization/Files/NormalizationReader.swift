import TaperJSON

/// Reads the normalizer of tokenizer.json.
enum NormalizationReader {
  static let supported =
    "BertNormalizer, ByteLevel, Lowercase, NFC, NFD, NFKC, NFKD, Nmt, Precompiled, Prepend, Replace, Sequence, Strip, "
    + "StripAccents"

  static func read(_ node: TokenizerJSONNode?) throws(TokenizerError) -> [Normalization] {
    guard let node else { return [] }
    let type = try node.required("type", "the kind of normalizer").string()
    func form(isCompatible: Bool, composes: Bool) -> [Normalization] {
      [.form(NormalizationForm.Kind(isCompatible: isCompatible, composes: composes))]
    }
    switch type {
    case "Sequence":
      var steps: [Normalization] = []
      for part in try node.required("normalizers", "an array of normalizers").elements() {
        steps += try read(part)
      }
      return steps
    case "BertNormalizer": return [.bert(try bertOptions(node))]
    case "Lowercase": return [.lowercase]
    case "NFC": return form(isCompatible: false, composes: true)
    case "NFD": return form(isCompatible: false, composes: false)
    case "NFKC": return form(isCompatible: true, composes: true)
    case "NFKD": return form(isCompatible: true, composes: false)
    case "StripAccents": return [.stripAccents]
    case "Nmt": return [.nmt]
    case "ByteLevel": return [.byteLevel]
    case "Strip":
      return [
        .strip(
          left: try node.flag("strip_left", default: true), right: try node.flag("strip_right", default: true)
        )
      ]
    case "Prepend":
      return [.prepend(Array(try node.required("prepend", "a string").string().utf8))]
    case "Replace":
      let pattern = try TextPatternReader.read(try node.required("pattern", "a String or a Regex"))
      return [.replace(pattern, with: Array(try node.required("content", "a string").string().utf8))]
    case "Precompiled": return [.characterMap(try characterMap(node))]
    default: throw .unsupported(path: node.path, found: "\"\(type)\"", supported: supported)
    }
  }

  private static func bertOptions(_ node: TokenizerJSONNode) throws(TokenizerError) -> BertNormalizerOptions {
    let stripsAccents = node["strip_accents"] == nil ? nil : try node.flag("strip_accents", default: false)
    return BertNormalizerOptions(
      lowercases: try node.flag("lowercase", default: true), stripsAccents: stripsAccents,
      cleansText: try node.flag("clean_text", default: true),
      spacesChinese: try node.flag("handle_chinese_chars", default: true))
  }

  private static func characterMap(_ node: TokenizerJSONNode) throws(TokenizerError) -> CharacterMap {
    let text = try node.required("precompiled_charsmap", "a string in base 64")
    guard let blob = Base64.decode(Array(try text.string().utf8)), let map = CharacterMap(blob: blob) else {
      throw .invalid(
        path: text.path, expected: "SentencePiece's character map in base 64", found: "something else")
    }
    return map
  }
}

/// Reads the "pattern" of Replace and Split.
enum TextPatternReader {
  static func read(_ node: TokenizerJSONNode) throws(TokenizerError) -> TextPattern {
    if let text = node["String"] {
      let bytes = Array(try text.string().utf8)
      guard !bytes.isEmpty else {
        throw .unsupported(path: text.path, found: "an empty string", supported: "a text")
      }
      return .text(bytes)
    }
    let expression = try node.required("Regex", "a regular expression")
    let text = try expression.string()
    guard let pattern = TextPattern(regularExpression: text) else {
      throw .unsupported(
        path: expression.path, found: "\"\(text)\"",
        supported: "one character or set of characters, perhaps repeated, as in \" {2,}\" or \"[\\r\\n]+\"")
    }
    return pattern
  }
}

/// RFC 4648, with padding.
enum Base64 {
  /// nil when the text is not in base 64.
  static func decode(_ text: [UInt8]) -> [UInt8]? {
    guard text.count % 4 == 0 else { return nil }
    let padding = text.reversed().prefix { $0 == 0x3D }.count
    guard padding <= 2 else { return nil }
    var result: [UInt8] = []
    result.reserveCapacity(text.count / 4 * 3)
    var bits: UInt32 = 0
    var count = 0
    for byte in text.dropLast(padding) {
      guard let value = value(of: byte) else { return nil }
      bits = bits << 6 | value
      count += 6
      if count >= 8 {
        count -= 8
        result.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return result
  }

  private static func value(of byte: UInt8) -> UInt32? {
    switch byte {
    case 0x41...0x5A: UInt32(byte) - 0x41
    case 0x61...0x7A: UInt32(byte) - 0x61 + 26
    case 0x30...0x39: UInt32(byte) - 0x30 + 52
    case 0x2B: 62
    case 0x2F: 63
    default: nil
    }
  }
}
