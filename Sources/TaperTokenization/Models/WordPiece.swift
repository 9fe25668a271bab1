/// Splits words greedily into the longest pieces of the vocabulary (Wu et al. 2016, section 4.1, as in BERT).
struct WordPiece: Hashable, Sendable, PieceModel {
  let vocabulary: Vocabulary
  /// Id of the token for words that cannot be split.
  let unknownID: UInt32
  /// Prepended to look up every piece but a word's first: "##".
  let prefix: [UInt8]
  /// Longer words, in scalars, are unknown.
  let maximumScalars: Int
  private let prefixHash: UInt32

  init(vocabulary: Vocabulary, unknownID: UInt32, prefix: [UInt8], maximumScalars: Int) {
    self.vocabulary = vocabulary
    self.unknownID = unknownID
    self.prefix = prefix
    self.maximumScalars = maximumScalars
    prefixHash = prefix.reduce(Vocabulary.initialHash, Vocabulary.extend)
  }

  /// Appends the pieces of one word, or one unknown token when a piece is missing.
  func tokenize(
    _ text: NormalizedText, _ word: Range<Int>, into tokens: inout TokenSequence, scratch: inout ModelScratch
  ) {
    let mark = tokens.count
    if word.count > maximumScalars, UTF8Bytes.scalarCount(in: text.bytes, word) > maximumScalars {
      return tokens.append(unknownID, text.origin(of: word))
    }
    var begin = word.lowerBound
    while begin < word.upperBound {
      let isFirst = begin == word.lowerBound
      guard let (id, end) = longestPiece(text.bytes, begin..<word.upperBound, isFirst, &scratch.hashes) else {
        tokens.removeLast(tokens.count - mark)
        return tokens.append(unknownID, text.origin(of: word))
      }
      tokens.append(id, text.origin(of: begin..<end))
      begin = end
    }
  }

  /// The longest piece at the start of `bytes[rest]`. A match ends between scalars, since it equals a whole token.
  private func longestPiece(
    _ bytes: [UInt8], _ rest: Range<Int>, _ isFirst: Bool, _ hashes: inout [UInt32]
  ) -> (id: UInt32, end: Int)? {
    let prefix = isFirst ? [] : prefix
    var hash = isFirst ? Vocabulary.initialHash : prefixHash
    let longest = min(rest.count, vocabulary.longest - prefix.count)
    guard longest > 0 else { return nil }
    hashes.removeAll(keepingCapacity: true)
    for index in rest.lowerBound..<(rest.lowerBound + longest) {
      hash = Vocabulary.extend(hash, bytes[index])
      hashes.append(hash)
    }
    for length in stride(from: longest, to: 0, by: -1) {
      let range = rest.lowerBound..<(rest.lowerBound + length)
      if let id = vocabulary.id(prefix: prefix, bytes, range, hash: hashes[length - 1]) {
        return (id, range.upperBound)
      }
    }
    return nil
  }
}
