/// RoBERTa's and ByteLevel's post-processors exclude white space at both ends of a token from its offsets.
struct OffsetTrimming: Hashable, Sendable {
  /// A text's first token keeps one space: the tokenizer is assumed to have inserted it.
  var addsPrefixSpace: Bool

  /// - Parameter isFirst: whether it is the text's first token.
  func trim(_ offset: TokenOffset, _ edges: TokenEdges, isFirst: Bool) -> TokenOffset {
    var offset = offset
    let isInserted = addsPrefixSpace && edges.leading == 1 && (isFirst || offset.begin == 0)
    if !isInserted { offset.begin = min(offset.begin &+ edges.leading, offset.end) }
    if edges.trailing > 0, offset.end >= edges.trailing {
      offset.end = max(offset.end - edges.trailing, offset.begin)
    }
    return offset
  }
}

/// How many scalars at both ends of a token's text are white space or "Ġ", which stands for a space in byte-level
/// vocabularies; the reference looks for it in any vocabulary.
struct TokenEdges: BitwiseCopyable, Hashable {
  var leading: UInt32
  var trailing: UInt32

  static let none = TokenEdges(leading: 0, trailing: 0)

  private init(leading: UInt32, trailing: UInt32) {
    self.leading = leading
    self.trailing = trailing
  }

  /// - Parameter token: well-formed UTF-8; ill-formed has no edges that are not ASCII.
  init(of token: ArraySlice<UInt8>) {
    self = .none
    guard let first = token.first, let last = token.last else { return }
    // Most tokens begin and end with a printable ASCII character.
    if 0x21...0x7E ~= first, 0x21...0x7E ~= last { return }
    for scalar in String(decoding: token, as: UTF8.self).unicodeScalars {
      guard Self.isSpace(scalar) else { break }
      leading += 1
    }
    for scalar in String(decoding: token, as: UTF8.self).unicodeScalars.reversed() {
      guard Self.isSpace(scalar) else { break }
      trailing += 1
    }
  }

  private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value == ByteAlphabet.letters[0x20] || ScalarProperties(scalar.value).isWhiteSpace
  }
}
