/// Every piece is a token of the vocabulary, or unknown.
struct WordLevel: Hashable, Sendable, PieceModel {
  let vocabulary: Vocabulary
  let unknownID: UInt32

  func tokenize(
    _ text: NormalizedText, _ piece: Range<Int>, into tokens: inout TokenSequence, scratch: inout ModelScratch
  ) {
    tokens.append(vocabulary.id(text.bytes, piece) ?? unknownID, text.origin(of: piece))
  }
}
