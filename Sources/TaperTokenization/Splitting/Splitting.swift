/// A step of a pre-tokenizer. A Sequence is the list of its steps.
enum Splitting: Hashable, Sendable {
  /// BERT's: at white space, which goes, and around punctuation.
  case bert
  case whiteSpace
  /// "\w+|[^\w\s]+"
  case words
  case punctuation(SplitBehavior)
  case digits(SplitBehavior)
  case metaspace(replacement: UInt32, Prepending, splits: Bool)
  case byteLevel(addsPrefixSpace: Bool, splits: Bool)
  case pattern(TextPattern, SplitBehavior, inverts: Bool)
  case wordPattern(WordPattern, SplitBehavior, inverts: Bool)

  enum Prepending: UInt8, CaseIterable, Hashable, Sendable {
    case always, first, never
  }

  /// The steps that each split the whole text.
  var passes: [Splitting] { self == .bert ? [.whiteSpace, .punctuation(.isolated)] : [self] }

  /// Whether pieces are only split, and their text is left as it is.
  private var keepsText: Bool {
    switch self {
    case .metaspace, .byteLevel: false
    default: true
    }
  }

  /// How many times longer a text can become, at most.
  var growth: Double {
    switch self {
    case .metaspace: 8
    case .byteLevel: 4
    default: 1
    }
  }

  /// Splits every piece of a text that is no token.
  /// - Parameters:
  ///   - spare: becomes the text when the step changes it.
  ///   - result: becomes the pieces.
  func apply(
    _ text: inout NormalizedText, _ pieces: inout [Piece], spare: inout NormalizedText, result: inout [Piece]
  ) {
    result.removeAll(keepingCapacity: true)
    if keepsText {
      for piece in pieces {
        if piece.token != nil { result.append(piece) } else { split(text, piece.range, into: &result) }
      }
    } else {
      spare.removeAll()
      spare.base = text.base
      for piece in pieces { rewrite(text, piece, into: &spare, &result) }
      swap(&text, &spare)
    }
    swap(&pieces, &result)
  }

  private func split(_ text: NormalizedText, _ range: Range<Int>, into pieces: inout [Piece]) {
    switch self {
    case .whiteSpace:
      Self.split(text.bytes, range, .removed, into: &pieces) { WordKind($0) == .whiteSpace }
    case .words: Self.words(text.bytes, range, into: &pieces)
    case .punctuation(let behavior):
      Self.split(text.bytes, range, behavior, into: &pieces) { ScalarProperties($0).isPunctuation }
    case .digits(let behavior):
      Self.split(text.bytes, range, behavior, into: &pieces) { ScalarClasses($0).isNumeric }
    case .pattern(let pattern, let behavior, let inverts):
      var collector = PieceCollector(behavior, inverts: inverts)
      var index = range.lowerBound
      while let match = pattern.next(in: text.bytes, from: index, limit: range.upperBound) {
        collector.add(index..<match.lowerBound, isMatch: false, to: &pieces)
        collector.add(match, isMatch: true, to: &pieces)
        index = match.upperBound
      }
      collector.add(index..<range.upperBound, isMatch: false, to: &pieces)
      collector.finish(&pieces)
    case .wordPattern(let pattern, let behavior, let inverts):
      var collector = PieceCollector(behavior, inverts: inverts)
      var index = range.lowerBound
      while index < range.upperBound {
        let end = pattern.end(in: text.bytes, from: index, limit: range.upperBound)
        collector.add(index..<end, isMatch: true, to: &pieces)
        index = end
      }
      collector.finish(&pieces)
    case .bert, .metaspace, .byteLevel: break  // passes of their own; `rewrite`
    }
  }

  private static func split(
    _ bytes: [UInt8], _ range: Range<Int>, _ behavior: SplitBehavior, into pieces: inout [Piece],
    at isMatch: (UInt32) -> Bool
  ) {
    var collector = PieceCollector(behavior)
    var index = range.lowerBound
    var gap = index
    while index < range.upperBound {
      let (scalar, length) = UTF8Bytes.scalar(in: bytes, at: index)
      if isMatch(scalar) {
        collector.add(gap..<index, isMatch: false, to: &pieces)
        collector.add(index..<(index + length), isMatch: true, to: &pieces)
        gap = index + length
      }
      index += length
    }
    collector.add(gap..<index, isMatch: false, to: &pieces)
    collector.finish(&pieces)
  }

  private static func words(_ bytes: [UInt8], _ range: Range<Int>, into pieces: inout [Piece]) {
    enum Kind { case word, other, space }
    var begin = range.lowerBound
    var current = Kind.space
    var index = begin
    while index < range.upperBound {
      let (scalar, length) = UTF8Bytes.scalar(in: bytes, at: index)
      let kind: Kind =
        ScalarClasses(scalar).isWord ? .word : WordKind(scalar) == .whiteSpace ? .space : .other
      if kind != current {
        if current != .space { pieces.append(Piece(begin: begin, end: index)) }
        begin = index
        current = kind
      }
      index += length
    }
    if current != .space { pieces.append(Piece(begin: begin, end: index)) }
  }

  private func rewrite(
    _ text: NormalizedText, _ piece: Piece, into result: inout NormalizedText, _ pieces: inout [Piece]
  ) {
    let begin = result.bytes.count
    guard piece.token == nil else {
      result.append(text, piece.range)
      return pieces.append(Piece(begin: begin, end: result.bytes.count, token: piece.token))
    }
    switch self {
    case .metaspace(let replacement, let prepending, let splits):
      let origin = text.origins[piece.begin]
      let (first, _) = UTF8Bytes.scalar(in: text.bytes, at: piece.begin)
      let isPrepended =
        switch prepending {
        case .always: true
        case .first: origin.begin == 0
        case .never: false
        }
      if isPrepended, first != replacement, first != 0x20 { result.append(scalar: replacement, origin) }
      for index in piece.range {
        let byte = text.bytes[index]
        if byte == 0x20 {
          result.append(scalar: replacement, text.origins[index])
        } else {
          result.append(byte, text.origins[index])
        }
      }
      let range = begin..<result.bytes.count
      guard splits else { return pieces.append(Piece(begin: begin, end: range.upperBound)) }
      Self.split(result.bytes, range, .mergedWithNext, into: &pieces) { $0 == replacement }
    case .byteLevel(let addsPrefixSpace, let splits):
      var index = piece.begin
      if addsPrefixSpace, text.bytes[index] != 0x20 {
        let end =
          splits ? WordPattern.endAfterSpace(in: text.bytes, from: index, limit: piece.end) : piece.end
        result.append(scalar: ByteAlphabet.letters[0x20], text.origins[index])
        ByteAlphabet.spell(text, index..<end, into: &result)
        pieces.append(Piece(begin: begin, end: result.bytes.count))
        index = end
      }
      while index < piece.end {
        let end =
          splits ? WordPattern.gpt2.end(in: text.bytes, from: index, limit: piece.end) : piece.end
        let partBegin = result.bytes.count
        ByteAlphabet.spell(text, index..<end, into: &result)
        pieces.append(Piece(begin: partBegin, end: result.bytes.count))
        index = end
      }
    default: break  // `split`
    }
  }
}
