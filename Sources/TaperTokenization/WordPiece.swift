/// WordPiece (Schuster and Nakajima 2012, as in BERT): greedy longest match from the left, continuations marked.
struct WordPiece: Sendable {
  var vocabulary: Vocabulary
  /// "##" in BERT.
  var continuationPrefix: [UInt8]
  var unknown: UInt32
  /// A word of more scalars than this is unknown.
  var maximumScalars: Int

  /// Appends the pieces of the word scalars[range] of `text` to `tokens`.
  func tokenize(_ text: NormalizedText, _ range: Range<Int>, into tokens: inout [Token]) {
    let whole = TokenOffset(
      begin: text.origins[range.lowerBound], end: text.origins[range.upperBound - 1] + 1)
    guard range.count <= maximumScalars else { return tokens.append(Token(id: unknown, offset: whole)) }
    // The word's bytes behind room for the prefix, and the scalar each byte belongs to.
    var bytes = continuationPrefix
    var scalarOfByte: [Int] = []
    for index in range {
      let before = bytes.count
      UTF8Bytes.append(text.scalars[index], to: &bytes)
      for _ in before..<bytes.count { scalarOfByte.append(index) }
    }
    let prefix = continuationPrefix.count
    let first = tokens.count
    var start = prefix
    while start < bytes.count {
      let match: (id: UInt32, length: Int)?
      if start == prefix {
        match = vocabulary.longestPrefix(of: bytes[start...])
      } else {
        // The prefix is written over bytes that are already consumed; the first piece may be shorter than it.
        match = continuation(&bytes, at: start)
      }
      guard let match else {
        tokens.removeSubrange(first...)
        return tokens.append(Token(id: unknown, offset: whole))
      }
      let scalars = (scalarOfByte[start - prefix], scalarOfByte[start + match.length - 1 - prefix])
      tokens.append(
        Token(
          id: match.id, offset: TokenOffset(begin: text.origins[scalars.0], end: text.origins[scalars.1] + 1))
      )
      start += match.length
    }
  }

  private func continuation(_ bytes: inout [UInt8], at start: Int) -> (id: UInt32, length: Int)? {
    let prefix = continuationPrefix.count
    bytes.replaceSubrange(start - prefix..<start, with: continuationPrefix)
    guard let match = vocabulary.longestPrefix(of: bytes[(start - prefix)...]), match.length > prefix else {
      return nil
    }
    return (match.id, match.length - prefix)
  }
}

/// UTF-8, without String.
enum UTF8Bytes {
  static func append(_ scalar: UInt32, to bytes: inout [UInt8]) {
    switch scalar {
    case ..<0x80: bytes.append(UInt8(scalar))
    case ..<0x800:
      bytes.append(UInt8(0xC0 | scalar >> 6))
      bytes.append(UInt8(0x80 | scalar & 0x3F))
    case ..<0x10000:
      bytes.append(UInt8(0xE0 | scalar >> 12))
      bytes.append(UInt8(0x80 | scalar >> 6 & 0x3F))
      bytes.append(UInt8(0x80 | scalar & 0x3F))
    default:
      bytes.append(UInt8(0xF0 | scalar >> 18))
      bytes.append(UInt8(0x80 | scalar >> 12 & 0x3F))
      bytes.append(UInt8(0x80 | scalar >> 6 & 0x3F))
      bytes.append(UInt8(0x80 | scalar & 0x3F))
    }
  }
}
