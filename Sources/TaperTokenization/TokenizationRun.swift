/// One call of `Tokenizer.encode`: its scratch space and its pass over a text.
struct TokenizationRun {
  private let parts: TokenizerParts
  private let skipsSpecial: Bool
  private var bert: BertNormalizer?
  private var text = NormalizedText()
  private var spare = NormalizedText()
  private var pieces: [Piece] = []
  private var sparePieces: [Piece] = []
  private var scratch = ModelScratch()

  /// Bytes that are normalised and split at a time.
  private static let partSize = 2048

  init(_ tokenizer: Tokenizer) {
    parts = tokenizer.parts
    skipsSpecial = !tokenizer.allowsSpecialTokensInText
    bert = parts.pipeline.bert.map { BertNormalizer($0) }
  }

  /// The tokens of a text, at least the first `enough`.
  mutating func tokens(of bytes: [UInt8], enough: Int) -> TokenSequence {
    let source = UTF8Bytes.repaired(bytes)
    let whole = 0..<source.count
    var tokens = TokenSequence(keepsEdges: !parts.trimmings.isEmpty)
    var position = 0
    var done = 0
    var scalarIndex: UInt32 = 0
    let matcher = parts.rawMatcher
    while tokens.count < enough, done < source.count {
      let match =
        matcher.isEmpty
        ? nil
        : matcher.next(
          in: source, whole, from: &position, floor: done,
          skipsSpecial: skipsSpecial)
      let end = match?.range.lowerBound ?? source.count
      scalarIndex = segment(source, done..<end, scalarIndex, into: &tokens, enough: enough)
      guard let match, tokens.count < enough else { break }
      let length = UInt32(UTF8Bytes.scalarCount(in: source, match.range))
      let offset = TokenOffset(begin: scalarIndex, end: scalarIndex &+ length)
      tokens.append(match.id, offset, text: source, match.range)
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
    switch parts.model {
    case .wordPiece(let model):
      segment(source, range, scalarIndex, into: &tokens, enough: enough, model: model)
    case .bytePairs(let model):
      segment(source, range, scalarIndex, into: &tokens, enough: enough, model: model)
    case .unigram(let model):
      segment(source, range, scalarIndex, into: &tokens, enough: enough, model: model)
    case .wordLevel(let model):
      segment(source, range, scalarIndex, into: &tokens, enough: enough, model: model)
    }
  }

  private mutating func segment(
    _ source: [UInt8], _ range: Range<Int>, _ scalarIndex: UInt32, into tokens: inout TokenSequence,
    enough: Int, model: some PieceModel
  ) -> UInt32 {
    guard bert != nil else {
      let next = text.fill(source, range, scalarIndex: scalarIndex)
      parts.pipeline.normalize(&text, &spare)
      splitText()
      for piece in pieces where tokens.count < enough {
        if let id = piece.token {
          tokens.append(id, text.origin(of: piece.range), text: text.bytes, piece.range)
        } else {
          model.tokenize(text, piece.range, into: &tokens, scratch: &scratch)
        }
      }
      return next
    }
    var scalarIndex = scalarIndex
    var begin = range.lowerBound
    while begin < range.upperBound, tokens.count < enough {
      var end = range.upperBound
      if parts.worksInParts, end - begin > Self.partSize {
        end = begin + Self.partSize
        while end < range.upperBound, source[end] != 0x20 { end += 1 }
      }
      text.removeAll()
      scalarIndex =
        bert?.normalize(source, begin..<end, scalarIndex: scalarIndex, into: &text) ?? scalarIndex
      bertSegment(into: &tokens, model)
      begin = end
    }
    return scalarIndex
  }

  // MARK: Any pipeline

  /// Splits the contents of `text` into `pieces`.
  private mutating func splitText() {
    pieces.removeAll(keepingCapacity: true)
    let whole = 0..<text.bytes.count
    var done = 0
    var position = 0
    while !parts.normalizedMatcher.isEmpty,
      let match = parts.normalizedMatcher.next(
        in: text.bytes, whole, from: &position, floor: done,
        skipsSpecial: skipsSpecial)
    {
      if done < match.range.lowerBound { pieces.append(Piece(begin: done, end: match.range.lowerBound)) }
      pieces.append(Piece(begin: match.range.lowerBound, end: match.range.upperBound, token: match.id))
      done = match.range.upperBound
      position = max(position, done)
    }
    if done < whole.upperBound { pieces.append(Piece(begin: done, end: whole.upperBound)) }
    for pass in parts.pipeline.splittingPasses {
      pass.apply(&text, &pieces, spare: &spare, result: &sparePieces)
    }
  }

  // MARK: BERT's pipeline, in one pass

  /// Tokenises the contents of `text`.
  private mutating func bertSegment(
    into tokens: inout TokenSequence, _ model: some PieceModel
  ) {
    let whole = 0..<text.bytes.count
    var done = 0
    var position = 0
    if !parts.normalizedMatcher.isEmpty {
      while let match = parts.normalizedMatcher.next(
        in: text.bytes, whole, from: &position, floor: done,
        skipsSpecial: skipsSpecial)
      {
        words(done..<match.range.lowerBound, into: &tokens, model)
        let origin = text.origin(of: match.range)
        tokens.append(match.id, origin, text: text.bytes, match.range)
        done = match.range.upperBound
        position = max(position, done)
      }
    }
    words(done..<whole.upperBound, into: &tokens, model)
  }

  /// Splits normalised text into words, at white space and around each punctuation mark, and each word into pieces.
  private mutating func words(
    _ range: Range<Int>, into tokens: inout TokenSequence, _ model: some PieceModel
  ) {
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
        if begin < index { model.tokenize(text, begin..<index, into: &tokens, scratch: &scratch) }
        if isPunctuation { model.tokenize(text, index..<next, into: &tokens, scratch: &scratch) }
        begin = next
      }
      index = next
    }
    if begin < index { model.tokenize(text, begin..<index, into: &tokens, scratch: &scratch) }
  }
}
