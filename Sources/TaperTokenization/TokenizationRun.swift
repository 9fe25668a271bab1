/// One call of `Tokenizer.encode`: its scratch space and its pass over a text.
struct TokenizationRun {
  private let tokenizer: Tokenizer
  private var normalizer: Normalizer
  private var text = NormalizedText()
  private var hashes: [UInt32] = []

  /// Bytes that are normalised and split at a time.
  private static let partSize = 2048

  init(_ tokenizer: Tokenizer) {
    self.tokenizer = tokenizer
    normalizer = Normalizer(tokenizer.normalizer)
  }

  /// The tokens of a text, at least the first `enough`.
  mutating func tokens(of bytes: [UInt8], enough: Int) -> TokenSequence {
    let source = UTF8Bytes.repaired(bytes)
    let whole = 0..<source.count
    var tokens = TokenSequence()
    var position = 0
    var done = 0
    var scalarIndex: UInt32 = 0
    let matcher = tokenizer.rawMatcher
    while tokens.count < enough, done < source.count {
      let match =
        matcher.isEmpty
        ? nil
        : matcher.next(
          in: source, whole, from: &position, floor: done,
          skipsSpecial: !tokenizer.allowsSpecialTokensInText)
      let end = match?.range.lowerBound ?? source.count
      scalarIndex = segment(source, done..<end, scalarIndex, into: &tokens, enough: enough)
      guard let match, tokens.count < enough else { break }
      let length = UInt32(UTF8Bytes.scalarCount(in: source, match.range))
      let offset = TokenOffset(begin: scalarIndex, end: scalarIndex &+ length)
      append(match.id, offset, value: source[match.range], to: &tokens)
      scalarIndex &+= length
      done = match.range.upperBound
      position = max(position, done)
    }
    return tokens
  }

  /// Tokenises a segment without raw added tokens; returns the index of the scalar after the part that was read.
  private mutating func segment(
    _ source: [UInt8], _ range: Range<Int>, _ scalarIndex: UInt32, into tokens: inout TokenSequence,
    enough: Int
  ) -> UInt32 {
    var scalarIndex = scalarIndex
    var begin = range.lowerBound
    while begin < range.upperBound, tokens.count < enough {
      var end = range.upperBound
      if tokenizer.worksInParts, end - begin > Self.partSize {
        end = begin + Self.partSize
        while end < range.upperBound, source[end] != 0x20 { end += 1 }
      }
      text.removeAll()
      scalarIndex = normalizer.normalize(source, begin..<end, scalarIndex: scalarIndex, into: &text)
      normalizedSegment(into: &tokens)
      begin = end
    }
    return scalarIndex
  }

  /// Tokenises the contents of `text`.
  private mutating func normalizedSegment(into tokens: inout TokenSequence) {
    let whole = 0..<text.bytes.count
    var done = 0
    var position = 0
    if !tokenizer.normalizedMatcher.isEmpty {
      while let match = tokenizer.normalizedMatcher.next(
        in: text.bytes, whole, from: &position, floor: done,
        skipsSpecial: !tokenizer.allowsSpecialTokensInText)
      {
        words(done..<match.range.lowerBound, into: &tokens)
        let origin = text.origin(of: match.range)
        append(match.id, origin, value: text.bytes[match.range], to: &tokens)
        done = match.range.upperBound
        position = max(position, done)
      }
    }
    words(done..<whole.upperBound, into: &tokens)
  }

  /// Splits normalised text into words, at white space and around each punctuation mark, and each word into pieces.
  private mutating func words(_ range: Range<Int>, into tokens: inout TokenSequence) {
    var begin = range.lowerBound
    var index = begin
    while index < range.upperBound {
      let byte = text.bytes[index]
      let isWhite: Bool
      let isPunctuation: Bool
      var length = 1
      if byte < 0x80 {
        let kind = AsciiKind.table[Int(byte)]
        isWhite = kind == AsciiKind.white
        isPunctuation = kind == AsciiKind.punctuation
      } else {
        let decoded = UTF8Bytes.scalar(in: text.bytes, at: index)
        let properties = ScalarProperties(decoded.scalar)
        length = decoded.length
        isWhite = properties.isWhiteSpace
        isPunctuation = properties.isPunctuation
      }
      let next = index + length
      if isWhite || isPunctuation {
        if begin < index { word(begin..<index, into: &tokens) }
        if isPunctuation { word(index..<next, into: &tokens) }
        begin = next
      }
      index = next
    }
    if begin < index { word(begin..<index, into: &tokens) }
  }

  private mutating func word(_ range: Range<Int>, into tokens: inout TokenSequence) {
    let before = tokens.count
    tokenizer.wordPiece.tokenize(text, word: range, into: &tokens, hashes: &hashes)
    guard let trimming = tokenizer.trimming else { return }
    for index in before..<tokens.count {
      let bytes = tokenizer.wordPiece.vocabulary.bytes(of: tokens.ids[index])
      if OffsetTrimming.mayApply(bytes) {
        tokens.trim(index) { trimming.trim($0, token: bytes, isFirst: index == 0) }
      }
    }
  }

  private func append(
    _ id: UInt32, _ offset: TokenOffset, value: ArraySlice<UInt8>, to tokens: inout TokenSequence
  ) {
    let trimmed = tokenizer.trimming?.trim(offset, token: value, isFirst: tokens.count == 0)
    tokens.append(id, trimmed ?? offset)
  }
}
