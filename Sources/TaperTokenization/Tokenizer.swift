/// Text to token ids, exactly as the reference "fast" tokenizer: BERT's normaliser and pre-tokeniser, WordPiece, and the
/// family's template.
///
/// Order: added tokens are split off the raw text (leftmost, longest); the rest is normalised, split at white space and
/// punctuation, and cut into pieces; then truncation, then the template. All Unicode facts come from frozen tables
/// (`UnicodeTables`), never from Swift's own, which move with the toolchain. Offsets count scalars of the original text.
public struct Tokenizer: Sendable {
  var normalizer: Normalizer
  var model: WordPiece
  var template: Template
  var addedTokens: [AddedToken]
  /// Whether the white space that an added token took along is left out of its offsets (RobertaProcessing).
  var trimsOffsets: Bool
  /// Whether "[CLS]" in a text gives the special token, as in the reference. When false it is plain text, so that a user's
  /// text cannot forge the structure of the input.
  public var allowsSpecialTokensInText = true

  /// Ids a text can give are below this.
  public var vocabularyCount: Int {
    max(model.vocabulary.count, (addedTokens.map { Int($0.id) }.max() ?? 0) + 1)
  }

  /// Special tokens that the template adds to a text, or to a pair: the least maximum length for encoding one.
  public func specialTokenCount(isPair: Bool) -> Int {
    Template.specialCount(isPair ? template.pair : template.single)
  }

  /// Encodes a text or a pair of texts.
  ///
  /// - Parameter maximumLength: the most tokens, specials included; the longer text is cut first (longest_first).
  /// - Precondition: `maximumLength` has room for the template's special tokens.
  public func encode(_ text: String, pair: String? = nil, maximumLength: Int) -> Encoding {
    encode([UInt8](text.utf8), pair: pair.map { [UInt8]($0.utf8) }, maximumLength: maximumLength)
  }

  /// As above, from UTF-8 bytes; malformed sequences are read as U+FFFD.
  public func encode(_ text: [UInt8], pair: [UInt8]? = nil, maximumLength: Int) -> Encoding {
    var texts = [tokens(of: text)]
    if let pair { texts.append(tokens(of: pair)) }
    let specials = specialTokenCount(isPair: pair != nil)
    precondition(maximumLength >= specials, "no room for \(specials) special tokens in \(maximumLength)")
    let truncated = Self.truncate(&texts, to: maximumLength - specials)
    return template.apply(texts, truncated: truncated)
  }

  private func tokens(of text: [UInt8]) -> [Token] {
    let scalars = Self.decode(text)
    let active = addedTokens.filter { allowsSpecialTokensInText || !$0.isSpecial }
    let raw = active.filter { !$0.isNormalized }
    let normalized = active.filter(\.isNormalized)
    var tokens: [Token] = []
    tokens.reserveCapacity(scalars.count / 3 + 8)
    AddedToken.split(scalars[...], raw) { range in
      let text = normalizer.normalize(scalars[range], offset: UInt32(range.lowerBound))
      guard !normalized.isEmpty else { return tokenize(text, 0..<text.scalars.count, into: &tokens) }
      let patterns = normalized.map { token in
        var token = token
        token.content = normalizer.normalize(token.content, offset: 0).scalars
        return token
      }
      AddedToken.split(text.scalars[...], patterns) {
        tokenize(text, $0, into: &tokens)
      } token: { token, range, stripped in
        let range = trimsOffsets ? stripped : range
        let offset = TokenOffset(
          begin: text.origins[range.lowerBound], end: text.origins[range.upperBound - 1] + 1)
        tokens.append(Token(id: token.id, offset: offset))
      }
    } token: { token, range, stripped in
      let range = trimsOffsets ? stripped : range
      let offset = TokenOffset(begin: UInt32(range.lowerBound), end: UInt32(range.upperBound))
      tokens.append(Token(id: token.id, offset: offset))
    }
    return tokens
  }

  /// The pre-tokeniser: words are what stands between white space, punctuation marks stand alone.
  private func tokenize(_ text: NormalizedText, _ range: Range<Int>, into tokens: inout [Token]) {
    var start: Int?
    for index in range {
      let properties = ScalarProperties(text.scalars[index])
      let isPunctuation = properties.isPunctuation
      if isPunctuation || properties.isWhiteSpace {
        if let begin = start { model.tokenize(text, begin..<index, into: &tokens) }
        start = nil
        if isPunctuation { model.tokenize(text, index..<index + 1, into: &tokens) }
      } else if start == nil {
        start = index
      }
    }
    if let begin = start { model.tokenize(text, begin..<range.upperBound, into: &tokens) }
  }

  /// The reference's longest_first: the longer text is cut until both fit; returns whether anything was cut.
  private static func truncate(_ texts: inout [[Token]], to maximum: Int) -> Bool {
    let total = texts.reduce(0) { $0 + $1.count }
    guard total > maximum else { return false }
    guard texts.count == 2 else {
      texts[0].removeLast(total - maximum)
      return true
    }
    let swapped = texts[0].count > texts[1].count
    var n1 = swapped ? texts[1].count : texts[0].count
    var n2 = n1 > maximum ? n1 : max(n1, maximum - n1)
    if n1 + n2 > maximum {
      n1 = maximum / 2
      n2 = n1 + maximum % 2
    }
    if swapped { swap(&n1, &n2) }
    texts[0].removeLast(max(0, texts[0].count - n1))
    texts[1].removeLast(max(0, texts[1].count - n2))
    return true
  }

  private static func decode(_ text: [UInt8]) -> [UInt32] {
    var scalars: [UInt32] = []
    scalars.reserveCapacity(text.count)
    var decoder = UTF8()
    var bytes = text.makeIterator()
    while true {
      switch decoder.decode(&bytes) {
      case .scalarValue(let scalar): scalars.append(scalar.value)
      case .error: scalars.append(0xFFFD)
      case .emptyInput: return scalars
      }
    }
  }
}
