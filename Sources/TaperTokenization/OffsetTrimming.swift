/// RoBERTa's post-processor excludes white space at both ends of a token from its offsets.
struct OffsetTrimming: Hashable, Sendable {
  /// A text's first token keeps one space: the tokenizer is assumed to have inserted it.
  var addsPrefixSpace: Bool

  /// "Ġ", which stands for a space in byte-level vocabularies; the reference looks for it in any vocabulary.
  private static let byteLevelSpace: UInt32 = 0x120

  private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value == byteLevelSpace || ScalarProperties(scalar.value).isWhiteSpace
  }

  /// Whether a vocabulary's token has such a scalar at either end: no word holds white space, so only "Ġ" (C4
  /// A0).
  static func mayApply(_ token: ArraySlice<UInt8>) -> Bool {
    token.first == 0xC4 || token.last == 0xA0
  }

  /// - Parameters:
  ///   - token: the token's text, UTF-8.
  ///   - isFirst: whether it is the text's first token.
  func trim(_ offset: TokenOffset, token: some Collection<UInt8>, isFirst: Bool) -> TokenOffset {
    let scalars = String(decoding: token, as: UTF8.self).unicodeScalars
    var leading = UInt32(scalars.prefix(while: Self.isSpace).count)
    let trailing = UInt32(scalars.reversed().prefix(while: Self.isSpace).count)
    var offset = offset
    if leading > 0 {
      if addsPrefixSpace, isFirst || offset.begin == 0 { leading -= 1 }
      offset.begin = min(offset.begin &+ leading, offset.end)
    }
    if trailing > 0, offset.end >= trailing { offset.end = max(offset.end - trailing, offset.begin) }
    return offset
  }
}
